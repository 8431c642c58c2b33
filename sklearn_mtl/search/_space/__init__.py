"""What is searched: parameters, conditions, and the spaces of the three papers."""
