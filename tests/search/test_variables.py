"""Parameters of a space: candidates, ranges, and their texts in storages and errors."""

import json
import math
import pickle
import re
from itertools import pairwise

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Lasso, Ridge
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from tests.search.random_spaces import CANDIDATES


def long_estimator(last_feature):
    """Make an estimator whose text scikit-learn cuts in the middle, where its difference lies."""
    names = [f"sensor of the temperature at the wall, number {i}" for i in range(12)]
    scaled = ("scale", StandardScaler(), [*names, last_feature])
    return ColumnTransformer([scaled, ("same", "passthrough", [*names, "pressure"])])


LONG = long_estimator("flow")


class LassoOfOwnText(Lasso):
    def __repr__(self):
        return "own text"


def choice_of_functions():
    """Make anew what another process would define anew."""

    def square(x):
        return x**2

    return square


class TestDiscrete:
    @pytest.mark.parametrize("choices", CANDIDATES, ids=repr)
    def test_every_candidate_is_found_and_stored(self, choices):
        variable = Discrete("x", choices)
        for position, choice in enumerate(choices):
            assert variable.index(choice) == position
            stored = json.loads(json.dumps(variable.to_storage(choice)))
            restored = variable.from_storage(stored)
            assert restored == choice and type(restored) is type(choice)

    @pytest.mark.parametrize("choices", CANDIDATES, ids=repr)
    def test_optuna_tells_the_candidates_apart(self, choices):
        variable = Discrete("x", choices)
        distribution = variable.distribution
        for position, choice in enumerate(choices):
            assert distribution.to_internal_repr(variable.to_storage(choice)) == position
            assert variable.from_storage(distribution.to_external_repr(position)) is choice

    def test_equal_numbers_are_one_candidate_but_bools_are_not(self):
        assert Discrete("x", [1, 2]).check(1.0) == 1
        assert type(Discrete("x", [1, 2]).check(np.float64(2))) is int
        assert Discrete("x", [1, True]).check(True) is True
        with pytest.raises(ValueError, match="x=True is none of its choices: 1, 2"):
            Discrete("x", [1, 2]).check(True)
        with pytest.raises(ValueError, match="x=1 is none of its choices: True, False"):
            Discrete("x", [True, False]).check(1)

    def test_lists_are_tuples(self):
        variable = Discrete("kernels", [[3, 5, 7], [3, 3, 3]])
        assert variable.choices == ((3, 5, 7), (3, 3, 3))
        assert variable.check([3, 3, 3]) == (3, 3, 3)

    @pytest.mark.parametrize(
        ("choices", "expected"),
        [
            ([8, 12, 24], True),
            ([0.1, 1, 10], True),
            ([12, 8, 24], False),
            ([1, 2], False),  # of two candidates, none stands between
            ([False, True, 2], False),
            (["1", "2", "3"], False),
        ],
    )
    def test_numbers_that_rise_are_ordered(self, choices, expected):
        assert Discrete("x", choices).is_ordered == expected

    def test_nan_is_a_candidate(self):
        """Every copy of it is another object, which no number equals."""
        variable = Discrete("x", [np.nan, -1])
        for nan in (float("nan"), np.float32("nan"), json.loads(json.dumps(np.nan))):
            assert variable.index(nan) == 0
            assert variable.from_storage(nan) is variable.choices[0]
        copy = pickle.loads(pickle.dumps(variable))
        assert copy.index(np.nan) == 0
        assert copy.from_storage(variable.to_storage(np.nan)) is copy.choices[0]
        space = ConfigurationSpace([variable, Continuous("y", 0, 1, when={"x": [float("nan")]})])
        assert space.check({"x": float("nan"), "y": 0.5}) == {"x": np.nan, "y": 0.5}
        assert space.key({"x": float("nan"), "y": 0.5}) == space.key({"x": np.nan, "y": 0.5})
        with pytest.raises(ValueError, match="x=nan is none of its choices: 1, True, None"):
            Discrete("x", [1, True, None]).check(np.nan)
        with pytest.raises(ValueError, match="x=nan is none of its choices as stored: 1, None"):
            Discrete("x", [1, None]).from_storage(np.nan)

    @pytest.mark.parametrize("choices", [[], (), "avg", 3, None])
    def test_a_list_is_needed(self, choices):
        with pytest.raises(ValueError, match=r"'pool' needs a list of at least one choice. Got"):
            Discrete("pool", choices)

    @pytest.mark.parametrize(
        "choices",
        [
            ["a", "a"],
            [1, 1.0],
            [1, "1"],
            [(3, 5), [3, 5]],
            [np.nan, float("nan")],
            [LONG, LONG],
        ],
    )
    def test_a_candidate_stands_once(self, choices):
        with pytest.raises(ValueError, match=r"'pool' has choices twice: .*Got ") as error:
            Discrete("pool", choices)
        assert len(str(error.value)) < 800

    def test_what_a_storage_never_kept(self):
        with pytest.raises(ValueError, match=r"x='\(7,\)' is none of its choices as stored: '\(3,"):
            Discrete("x", [(3,), (5,)]).from_storage("(7,)")


class TestContinuous:
    @pytest.mark.parametrize("log", [False, True])
    @pytest.mark.parametrize(("low", "high"), [(1e-5, 1e-2), (1e-6, 1e-2), (0.3, 0.9), (1.0, 7.0)])
    def test_the_ends_are_the_ends(self, low, high, log):
        variable = Continuous("x", low, high, log=log)
        assert (variable.encode(low), variable.encode(high)) == (0.0, 1.0)
        assert variable.decode(0.0) == low
        assert variable.decode(1.0) == pytest.approx(high, rel=1e-14)
        assert low <= variable.decode(1.0) <= high

    @pytest.mark.parametrize("log", [False, True])
    def test_positions_and_values(self, log):
        variable = Continuous("x", 1e-5, 1e-2, log=log)
        positions = np.linspace(0, 1, 101)
        values = [variable.decode(position) for position in positions]
        np.testing.assert_allclose([variable.encode(v) for v in values], positions, atol=1e-12)
        assert all(earlier < later for earlier, later in pairwise(values))

    def test_midpoints_of_bins_are_those_of_the_paper(self):
        a, b, n_bins = 1e-5, 1e-2, 6
        for k in range(1, n_bins + 1):
            position = (2 * k - 1) / (2 * n_bins)
            linear = a + (2 * k - 1) / (2 * n_bins) * (b - a)  # eq. 18
            logarithm = math.log(a) + (2 * k - 1) / (2 * n_bins) * (math.log(b) - math.log(a))
            assert Continuous("x", a, b).decode(position) == pytest.approx(linear)
            in_log = Continuous("x", a, b, log=True).decode(position)
            assert in_log == pytest.approx(math.exp(logarithm))  # eq. 19

    def test_values_are_drawn_evenly_in_their_own_scale(self):
        rng = np.random.default_rng(0)
        variable = Continuous("x", 1e-6, 1.0, log=True)
        below = np.mean([variable.sample(rng) < 1e-3 for _ in range(2000)])
        assert below == pytest.approx(0.5, abs=0.05)  # more than 4 standard errors

    @pytest.mark.parametrize(
        ("low", "high"), [(1, 1), (2, 1), (0, math.inf), (-math.inf, 0), (math.nan, 1)]
    )
    def test_a_range_is_needed(self, low, high):
        with pytest.raises(ValueError, match=rf"'rate' must be finite.*Got {low} and {high}"):
            Continuous("rate", low, high)

    @pytest.mark.parametrize(("low", "high"), [("1", 2), (1, None), ([1, 2], True)])
    def test_a_range_is_of_numbers(self, low, high):
        message = f"'rate' must be two numbers, low and high. Got {low!r} and {high!r}."
        with pytest.raises(ValueError, match=re.escape(message)):
            Continuous("rate", low, high)

    @pytest.mark.parametrize("low", [0.0, -1.0])
    def test_logarithms_need_positive_values(self, low):
        with pytest.raises(ValueError, match=rf"'rate' has log=True.*Got {low}"):
            Continuous("rate", low, 1.0, log=True)

    @pytest.mark.parametrize("value", ["0.1", None, True, (0.1,)])
    def test_a_value_is_a_number(self, value):
        with pytest.raises(ValueError, match=r"rate=.* must be a number"):
            Continuous("rate", 0.0, 1.0).check(value)

    @pytest.mark.parametrize("value", [-1e-9, 1.001, math.nan, math.inf])
    def test_a_value_is_in_its_range(self, value):
        with pytest.raises(ValueError, match=rf"rate={value} is outside of \[0.0, 1.0\]"):
            Continuous("rate", 0.0, 1.0).check(value)


class TestLabels:
    def test_long_estimators_that_differ_in_the_middle(self):
        choices = [LONG, long_estimator("heat"), StandardScaler(with_mean=False), LassoOfOwnText()]
        assert str(choices[0]) == str(choices[1])
        variable = Discrete("t", choices)
        assert variable.labels[2:] == ("StandardScaler(with_mean=False)", "own text")
        for choice in choices:
            assert variable.from_storage(variable.to_storage(choice)) is choice
        with pytest.raises(ValueError, match=r"is none of its choices: ColumnTransf.* \.\.\. "):
            variable.check("a" * 10_000)
        with pytest.raises(ValueError, match="none of its choices as stored") as error:
            variable.from_storage("a" * 10_000)
        assert len(str(error.value)) < 1000

    def test_functions_read_the_same_in_every_process(self):
        first, second = (
            Discrete("f", [choice_of_functions(), np.log1p, FunctionTransformer(function), Ridge])
            for function in (choice_of_functions(), choice_of_functions())
        )
        assert first.labels == second.labels
        assert first.labels[0] == f"{__name__}.choice_of_functions.<locals>.square"
        assert first.labels[3] == f"{Ridge.__module__}.Ridge"
        spaces = [ConfigurationSpace([choice]) for choice in (first, second)]
        keys = [[space.key({"f": v}) for v in space["f"].choices] for space in spaces]
        assert keys[0] == keys[1]
        assert len(set(keys[0])) == 4

    def test_functions_that_only_their_address_tells_apart(self):
        choice = Discrete("f", [lambda x: x, lambda x: x**2])
        assert len(set(choice.labels)) == 2
        assert choice.from_storage(choice.to_storage(choice.choices[1])) is choice.choices[1]

    def test_conditions_show_labels(self):
        parent = Discrete("model", [Ridge, Lasso])
        space = ConfigurationSpace([parent, Continuous("alpha", 0, 1, when={"model": [Ridge]})])
        assert space.table()["active when"]["alpha"] == f"model={Ridge.__module__}.Ridge"
