"""PHMOEA by ask and tell: operators, players, surrogate and the choice of a front."""
