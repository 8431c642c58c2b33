"""Constraints as users write them."""

import numpy as np
import pytest
from sklearn.metrics import make_scorer, mean_pinball_loss

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
        ("loss(alpha=0.1) >= -3", ("loss(alpha=0.1)", ">=", -3.0)),
        ("loss(f=<lambda>, g=(1, 2))<2", ("loss(f=<lambda>, g=(1, 2))", "<", 2.0)),
    ],
)
def test_reading(text, parts):
    (constraint,) = find_constraints([text])
    assert (constraint.name, constraint.operator, constraint.limit) == parts


@pytest.mark.parametrize(
    "text",
    ["n_parameters", "n_parameters = 3", "mae <=", "mae <= many", "mae <= inf", "mae <= nan",
     "1 <= mae <= 2", "1 <= mae(a=1) <= 2", ("mae", "<=",), ("mae", "==", 3), ("mae", "<=", None),
     (3, "<=", 4), 5],
)  # fmt: skip
def test_what_cannot_be_read(text):
    with pytest.raises(ValueError, match=r"is no constraint. It reads 'objective <= number'"):
        find_constraints([text])


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (4, "4"),
        (20_000, "20000"),
        (1_234_567, "1234567"),
        (-0.0, "0"),
        (0.01, "0.01"),
        (-0.5, "-0.5"),
        (5.0000001, "5.0000001"),
        (1e-7, "1e-07"),
        (1e300, "1e+300"),
    ],
)
def test_limits_are_written_in_full(limit, text):
    (constraint,) = find_constraints([("mae", "<=", limit)])
    assert str(constraint) == f"mae <= {text}"
    assert find_constraints([str(constraint)]) == [constraint]


def test_different_limits_have_different_texts():
    limits = [0.0, 5e-324, 0.1, 1.0, 123456.0, 2.0**53, 1e16, 1.5e16, 1e308]
    near = [value for limit in limits for value in (limit, np.nextafter(limit, np.inf))]
    constraints = find_constraints([("mae", "<", value) for value in near])
    assert len({str(constraint) for constraint in constraints}) == len(set(near))


def test_equal_constraints_count_once():
    texts = ["mae <= 2", "n_parameters <= 20_000", ("n_parameters", "<=", 2e4), "mae < 2", "mae<=2"]
    assert list(map(str, find_constraints(texts))) == [
        "mae <= 2",
        "n_parameters <= 20000",
        "mae < 2",
    ]


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
    with pytest.raises(ValueError, match=r"'n_params' is no objective.* may also name mse, mae\."):
        find_goals(["mse", "mae"], ["n_params <= 3"])


def test_a_constraint_on_one_of_two_scorers_of_a_metric():
    low, high = (
        make_scorer(mean_pinball_loss, alpha=alpha, greater_is_better=False) for alpha in (0.1, 0.9)
    )
    limit = "neg_mean_pinball_loss(alpha=0.1) >= -3"
    goals = find_goals([low, high], [limit])
    assert [o.name for o in goals.measured] == [o.name for o in goals.objectives]
    assert list(map(str, goals.constraints)) == [limit]
    with pytest.raises(ValueError, match=r"may also name .*\(alpha=0.1\), .*\(alpha=0.9\)\."):
        find_goals([low, high], ["neg_mean_pinball_loss >= -3"])


@pytest.mark.parametrize("objectives", [(), ("mse", "mae", "rmse", "nmse")])
def test_number_of_objectives(objectives):
    with pytest.raises(ValueError, match="one to three objectives"):
        find_goals(objectives, ())
