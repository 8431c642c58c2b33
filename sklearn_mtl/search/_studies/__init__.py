"""PHMOEA behind Optuna: the sampler, storages, and trials of processes that ended."""
