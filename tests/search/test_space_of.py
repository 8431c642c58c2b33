"""Spaces written in plain Python, and what is said of mistakes in them."""

import json
import re

import numpy as np
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from sklearn_mtl.search import ConfigurationSpace, Discrete, any_of
from sklearn_mtl.search._space.space_of import space_of


class TestDictionaries:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (
                ("svd", "lsqr"),
                r"Got \('svd', 'lsqr'\). Write candidates as a list: \['svd', 'lsqr'\]",
            ),
            ((1, 1000), r"a range of real numbers is written \(1.0, 1000.0\)"),
            ((10, 1), r"The range of 'p' must have low <= high. Got \(10, 1\)"),
            ((10.0, 1.0), r"The range of 'p' must have low <= high"),
        ],
    )
    def test_what_was_meant(self, values, message):
        with pytest.raises(ValueError, match=message):
            space_of({"p": values})

    @pytest.mark.parametrize(
        "values",
        [
            (10, 1000),
            (1, 65),
            (-50, 50),
            (0, 10**6),
            IntDistribution(1, 8, log=True),
            IntDistribution(10, 1000, step=10),
            FloatDistribution(0.0, 1.0, step=0.01),
        ],
        ids=str,
    )
    def test_candidates_are_proposed_where_a_range_has_too_many(self, values):
        with pytest.raises(ValueError, match="trying as a list, at most 64, for example") as error:
            space_of({"p": values})
        proposed = re.search(r"for example (\[.*\]);", str(error.value))
        choices = space_of({"p": json.loads(proposed[1])})["p"].choices
        if isinstance(values, tuple):
            values = IntDistribution(*values)
        kind = int if isinstance(values, IntDistribution) else float
        assert all(type(choice) is kind for choice in choices)
        assert (choices[0], choices[-1]) == (values.low, values.high)
        steps = (np.array(choices) - values.low) / values.step
        np.testing.assert_allclose(steps, steps.round())

    @pytest.mark.parametrize("space", [{1: [1]}, {1: (0.0, 1.0)}])
    def test_names_are_texts(self, space):
        with pytest.raises(ValueError, match=r"name of a parameter must be a text.* Got 1"):
            space_of(space)
        with pytest.raises(ValueError, match=r"name of a space must be a text.* Got 1"):
            any_of("s", {1: ConfigurationSpace([Discrete("a", [1])], "x.y")})

    @pytest.mark.parametrize("spaces", [{}, [ConfigurationSpace([Discrete("a", [1])], "x.y")]])
    def test_spaces_to_choose_from(self, spaces):
        with pytest.raises(ValueError, match="`spaces` must be a dict from names to at least one"):
            any_of("s", spaces)
