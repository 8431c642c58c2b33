"""Constraints as users write them."""

import pytest

from sklearn_mtl.search._pareto.constraints import find_constraints
from sklearn_mtl.search._pareto.goals import find_goals


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("n_parameters <= 20_000", ("n_parameters", "<=", 20000.0)),
        ("fit_time<60", ("fit_time", "<", 60.0)),
        ("  r2 >= -0.5 ", ("r2", ">=", -0.5)),
        ("mae > 1e-3", ("mae", ">", 1e-3)),
        (("mae", "<=", 2), ("mae", "<=", 2.0)),
    ],
)
def test_reading(text, parts):
    (constraint,) = find_constraints([text])
    assert (constraint.name, constraint.operator, constraint.limit) == parts


@pytest.mark.parametrize(
    "text",
    ["n_parameters", "n_parameters = 3", "mae <=", "mae <= many", "mae <= inf", "mae <= nan",
     "1 <= mae <= 2", ("mae", "<=",), ("mae", "==", 3), ("mae", "<=", None), (3, "<=", 4), 5],
)  # fmt: skip
def test_what_cannot_be_read(text):
    with pytest.raises(ValueError, match=r"is no constraint. It reads 'objective <= number'"):
        find_constraints([text])


def test_a_text_is_no_list():
    with pytest.raises(ValueError, match="must be a list"):
        find_constraints("mae <= 3")


@pytest.mark.parametrize("operator", ["<=", ">=", "<", ">"])
@pytest.mark.parametrize("limit", [2.0, -2.0, 0.0, 1e-9, 1e9])
def test_violation_says_whether_the_limit_is_kept(operator, limit):
    (constraint,) = find_constraints([("mae", operator, limit)])
    for value in (limit - 1, limit - 1e-12, limit, limit + 1e-12, limit + 1):
        kept = eval(f"{value!r} {operator} {limit!r}")
        assert (constraint.violation(value) <= 0) == kept


def test_violations_are_relative():
    size, seconds = find_constraints(["n_parameters <= 10_000", "fit_time <= 10"])
    assert size.violation(15_000) == pytest.approx(seconds.violation(15)) == pytest.approx(0.5)


def test_a_constraint_may_name_what_is_no_objective():
    goals = find_goals(["mse"], ["n_parameters <= 3", "mae < 2", "mae >= 1", "mse <= 4"])
    assert [o.name for o in goals.measured] == ["mse", "n_parameters", "mae"]
    assert [o.name for o in goals.objectives] == ["mse"]


def test_unknown_name():
    with pytest.raises(ValueError, match="'n_params' is no objective"):
        find_goals(["mse"], ["n_params <= 3"])


@pytest.mark.parametrize("objectives", [(), ("mse", "mae", "rmse", "nmse")])
def test_number_of_objectives(objectives):
    with pytest.raises(ValueError, match="one to three objectives"):
        find_goals(objectives, ())
