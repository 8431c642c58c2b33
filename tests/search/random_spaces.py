"""Conditional spaces at random, for tests of whatever takes a space."""

import numpy as np

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete

# Candidates of every kind, among them equal numbers of different types.
CANDIDATES = [
    ["avg", "max", "median"],
    [8, 12, 24, 36],
    [0.9, 0.5, 0.1],
    [True, False],
    [1, True, 0],
    [None, "on", 2],
    [(3, 5, 7), (3, 3, 3)],
    [("mse", "mae"), "mse", None],
    ["only"],
]
SEEDS = range(25)


def random_space(seed):
    """Space of ten variables, most of them with one or two parents, which may have parents."""
    rng = np.random.default_rng(seed)
    variables = []
    for position in range(10):
        when = {}
        parents = [variable for variable in variables if isinstance(variable, Discrete)]
        for _ in range(rng.integers(3) if parents else 0):
            parent = parents[rng.integers(len(parents))]
            n_values = rng.integers(1, len(parent.choices) + 1)
            chosen = rng.choice(len(parent.choices), n_values, replace=False)
            when[parent.name] = [parent.choices[i] for i in chosen]
        if rng.random() < 0.3:
            low, log = 10.0 ** rng.uniform(-6, -1), bool(rng.integers(2))
            variable = Continuous(f"x{position}", low, low * 50, log=log, when=when or None)
        else:
            choices = CANDIDATES[rng.integers(len(CANDIDATES))]
            variable = Discrete(f"x{position}", choices, when or None)
        variables.append(variable)
    return ConfigurationSpace(variables)


def draw_all(space, rng):
    """Values of all variables, active or not."""
    return {variable.name: variable.sample(rng) for variable in space.variables}
