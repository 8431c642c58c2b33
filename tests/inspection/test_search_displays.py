"""Pictures of a search show what was found: the front, what it beats, and who is selected."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso

from sklearn_mtl.inspection import ParetoFrontDisplay, SearchHistoryDisplay
from sklearn_mtl.inspection._pareto_front import on_front_of
from sklearn_mtl.search import ConfigurationSpace, Continuous, ParetoSearchCV

pytest.importorskip("matplotlib")
SPACE = ConfigurationSpace([Continuous("alpha", 1e-2, 2.0, log=True)])


def searched(**options):
    X, y = load_diabetes(return_X_y=True)
    options = {"sampler": "random", "n_trials": 25, "random_state": 0, **options}
    return ParetoSearchCV(Lasso(), SPACE, **options).fit(X, y)


def points(display, label):
    """Points of the group with this label: x, y."""
    for group in display.axes_[0].collections:
        if group.get_label() == label:
            return np.asarray(group.get_offsets())
    return np.empty((0, 2))


def test_front_by_plain_loops():
    losses = np.random.default_rng(0).integers(0, 12, size=(80, 2)).astype(float)
    front = on_front_of(losses)
    for i, row in enumerate(losses):
        beaten = any((other <= row).all() and (other < row).any() for other in losses)
        repeats = any((other == row).all() for other in losses[:i])
        assert front[i] == (not beaten and not repeats)


def test_groups_of_a_search():
    search = searched(constraints=["n_parameters <= 8"])
    display = ParetoFrontDisplay.from_estimator(search)
    front = search.pareto_front_
    expected = front[["n_parameters", "mse"]].to_numpy()
    np.testing.assert_array_equal(
        sorted(points(display, "front").tolist()), sorted(expected.tolist())
    )
    results = pd.DataFrame({k: v for k, v in search.cv_results_.items() if k != "params"})
    beyond = results[~results["feasible"].astype(bool)]
    assert len(beyond) > 0
    np.testing.assert_array_equal(
        points(display, "beyond a constraint"),
        beyond[["mean_test_n_parameters", "mean_test_mse"]],
    )
    n_drawn = sum(
        len(points(display, label)) for label in ("front", "dominated", "beyond a constraint")
    )
    assert n_drawn == len(results)
    selected = expected[search.select_index("knee")]
    np.testing.assert_array_equal(points(display, "knee"), [selected])
    np.testing.assert_array_equal(points(display, "selected"), [selected])
    ax = display.axes_[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("n_parameters", "mse")


def test_selected_model_of_the_caller():
    search = searched(refit=False)
    assert len(points(ParetoFrontDisplay.from_estimator(search), "selected")) == 0
    display = ParetoFrontDisplay.from_estimator(search, selected=search.select_index("smallest"))
    assert points(display, "selected")[0, 0] == search.pareto_front_["n_parameters"].min()


def test_a_score_that_is_maximised_has_its_front_above():
    search = searched(objectives=["r2", "n_parameters"])
    display = ParetoFrontDisplay.from_estimator(search)
    front = search.pareto_front_[["n_parameters", "r2"]].to_numpy().tolist()
    assert sorted(points(display, "front").tolist()) == sorted(front)


def test_three_objectives_show_the_front_of_all():
    search = searched(objectives=["mse", "n_parameters", "mae"])
    display = ParetoFrontDisplay.from_estimator(search, objectives=("mae", "n_parameters"))
    assert len(points(display, "front")) == len(search.pareto_front_)
    assert not display.axes_[0].lines  # in two of three objectives the front is no line
    with pytest.raises(ValueError, match="`objectives` must name two of"):
        ParetoFrontDisplay.from_estimator(search, objectives=("mae", "r2"))


@pytest.mark.parametrize("display", [ParetoFrontDisplay, SearchHistoryDisplay])
def test_a_search_is_fitted_first(display):
    with pytest.raises(NotFittedError, match="This ParetoSearchCV instance is not fitted yet"):
        display.from_estimator(ParetoSearchCV(Lasso(), SPACE))


def test_one_objective_has_no_front_to_draw():
    with pytest.raises(ValueError, match=r"two objectives\. The search has one, mse: draw"):
        ParetoFrontDisplay.from_estimator(searched(objectives=["mse"]))


def test_sizes_over_orders_of_magnitude_have_a_logarithmic_axis():
    wide = ParetoFrontDisplay.from_values([[0.9, 100], [0.5, 1_000_000]])
    assert wide.axes_[0].get_xscale() == "log"
    assert wide.axes_[0].get_yscale() == "linear"
    narrow = ParetoFrontDisplay.from_values([[0.9, 100], [0.5, 200]])
    assert narrow.axes_[0].get_xscale() == "linear"
    with_zero = ParetoFrontDisplay.from_values([[0.9, 0], [0.5, 1000]])
    assert with_zero.axes_[0].get_xscale() == "linear"


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.empty((0, 2)), {}, "at least one row"),
        (np.ones((3, 3)), {}, "two columns"),
        (np.ones((3, 2)), {"feasible": [True]}, "`feasible` must have 3 entries"),
        (np.ones((3, 2)), {"knee": 3}, "`knee` must be a row from 0 to 2. Got 3"),
    ],
)
def test_wrong_values(values, options, message):
    with pytest.raises(ValueError, match=message):
        ParetoFrontDisplay(values, **options)


def test_own_axes():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert ParetoFrontDisplay.from_values([[1.0, 2.0]], axes=ax).axes_ == [ax]
    history = pd.DataFrame({"trial": [0], "hypervolume": [1.0]})
    assert SearchHistoryDisplay.from_history(history, axes=ax).axes_ == [ax]


def test_history_of_a_search():
    search = searched()
    display = SearchHistoryDisplay.from_estimator(search, reference=[7000, 12])
    (line,) = display.axes_[0].lines
    history = search.hypervolume_history([7000, 12])
    np.testing.assert_array_equal(line.get_xdata(), history["trial"])
    np.testing.assert_array_equal(line.get_ydata(), history["hypervolume"])
    with pytest.raises(ValueError, match="columns trial and hypervolume"):
        SearchHistoryDisplay(history.rename(columns={"trial": "generation"}))


def test_history_of_one_trial_is_a_point():
    (line,) = SearchHistoryDisplay.from_estimator(searched(n_trials=1)).axes_[0].lines
    assert line.get_marker() == "o"
    ax = line.axes
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [0]
