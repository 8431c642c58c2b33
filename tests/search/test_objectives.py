"""What a search measures."""

import itertools
import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import (
    make_scorer,
    mean_absolute_error,
    mean_pinball_loss,
    mean_squared_error,
    r2_score,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklearn_mtl import PerTargetRegressor
from sklearn_mtl.preprocessing import LagFeaturizer
from sklearn_mtl.search._pareto.model_size import count_parameters
from sklearn_mtl.search._pareto.objectives import FittedSplit, PlainScore, find_objectives


def pinball(**params):
    return make_scorer(mean_pinball_loss, greater_is_better=False, **params)


def names_of(*objectives):
    return [objective.name for objective in find_objectives(objectives)]


class Fixed(RegressorMixin, BaseEstimator):
    """Predict what it is given."""

    def __init__(self, y_pred):
        self.y_pred = y_pred

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.y_pred[: len(X)]


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(2, 40, 3))
    y_true[rng.random(y_true.shape) < 0.3] = np.nan
    return y_true, y_pred, rng.random(40)


def mean_over_targets(error, y_true, y_pred, weight):
    errors = []
    for k in range(y_true.shape[1]):
        rows = [i for i in range(len(y_true)) if not np.isnan(y_true[i, k])]
        total = sum(weight[i] for i in rows)
        errors.append(sum(weight[i] * error(y_true[i, k] - y_pred[i, k]) for i in rows) / total)
    return errors


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_pass_over_missing_labels(labels, weighted):
    y_true, y_pred, weight = labels
    params = {"sample_weight": weight} if weighted else {}
    weight = weight if weighted else np.ones(40)
    squared = mean_over_targets(lambda e: e**2, y_true, y_pred, weight)
    absolute = mean_over_targets(abs, y_true, y_pred, weight)
    expected = {
        "mse": np.mean(squared),
        "rmse": np.mean(np.sqrt(squared)),
        "mae": np.mean(absolute),
    }
    for objective in find_objectives(expected):
        score = objective.scorer(Fixed(y_pred), np.zeros((40, 1)), y_true, **params)
        assert objective.shown(score) == pytest.approx(expected[objective.name])
        assert not objective.maximised


def test_normalised_errors_and_r2(labels):
    y_true, y_pred, _ = labels
    X = np.zeros((40, 1))
    nmse, r2 = (
        o.shown(o.scorer(Fixed(y_pred), X, y_true)) for o in find_objectives(["nmse", "r2"])
    )
    assert nmse == pytest.approx(1 - r2)
    assert find_objectives(["r2"])[0].maximised


def test_scorers_and_functions_are_scores():
    X, y = np.zeros((3, 1)), np.array([0.0, 1.0, 2.0])
    model = Fixed(np.array([1.0, 1.0, 1.0]))

    def bias(estimator, X, y):
        return float((estimator.predict(X) - y).mean())

    own = make_scorer(mean_absolute_error, greater_is_better=False)
    named, scorer, function = find_objectives(["neg_mean_squared_error", own, bias])
    assert [o.name for o in (named, scorer, function)] == [
        "neg_mean_squared_error",
        "neg_mean_absolute_error",
        "bias",
    ]
    assert all(o.direction == "maximize" for o in (named, scorer, function))
    values = [o.shown(o.scorer(model, X, y)) for o in (named, scorer, function)]
    assert values == pytest.approx([-2 / 3, -2 / 3, 0.0])


class Quantile:
    """A metric that is no function."""

    def __call__(self, y_true, y_pred):
        return mean_pinball_loss(y_true, y_pred, alpha=0.1)


def slope(estimator, X, y, at=0):
    return float(estimator.coef_[at])


def test_what_has_no_name_of_its_own():
    assert names_of(make_scorer(partial(mean_pinball_loss, alpha=0.1))) == ["mean_pinball_loss"]
    assert names_of(make_scorer(Quantile())) == ["Quantile"]
    twice = partial(partial(slope, at=1), at=2)
    assert names_of(twice) == ["slope"]
    assert names_of(partial(pinball(), sample_weight=None)) == ["neg_mean_pinball_loss"]
    named = partial(slope, at=1)
    named.__name__ = "second"
    assert names_of(named) == ["second"]


def test_functions_of_one_name_are_told_apart_by_their_arguments():
    assert names_of(pinball(alpha=0.1)) == ["neg_mean_pinball_loss"], "as long as there is one"
    functions = {
        "neg_mean_pinball_loss(alpha=0.1)": pinball(alpha=0.1),
        "neg_mean_pinball_loss(alpha=0.9)": make_scorer(
            partial(mean_pinball_loss, alpha=0.9), greater_is_better=False
        ),
        "neg_mean_pinball_loss": pinball(),
    }
    for order in itertools.permutations(functions):
        assert names_of(*(functions[name] for name in order)) == list(order)
    assert names_of(slope, partial(slope, at=1)) == ["slope", "slope(at=1)"]
    scorer = make_scorer(mean_absolute_error, greater_is_better=False, multioutput=[0.3, 0.7])
    assert names_of(scorer, "neg_mean_absolute_error") == [
        "neg_mean_absolute_error(multioutput=[0.3, 0.7])",
        "neg_mean_absolute_error",
    ]


def test_arguments_in_names():
    ways = [
        pinball(alpha=0.1, multioutput="raw_values"),
        pinball(multioutput="raw_values", alpha=0.1),
        make_scorer(
            partial(mean_pinball_loss, alpha=0.5, multioutput="raw_values"),
            greater_is_better=False,
            alpha=0.1,
        ),
    ]
    for way in ways:
        name, _ = names_of(way, pinball())
        assert name == "neg_mean_pinball_loss(alpha=0.1, multioutput=raw_values)"
    # An address would be another one in another process
    assert names_of(partial(slope, at=Quantile()), slope) == ["slope(at=Quantile)", "slope"]


def test_another_name():
    low, high = pinball(alpha=0.1), pinball(alpha=0.9)
    low.__name__ = "low"
    assert names_of(low, high) == ["low", "neg_mean_pinball_loss"]
    first, second = (lambda estimator, X, y: 0.0 for _ in range(2))
    with pytest.raises(ValueError, match=r"Got <lambda>, <lambda>.*__name__ = 'another_name'"):
        names_of(first, second)
    first.__name__ = "another_name"
    assert names_of(first, second) == ["another_name", "<lambda>"]


@pytest.mark.parametrize("metric", [mean_squared_error, r2_score, partial(mean_pinball_loss)])
def test_a_metric_is_no_objective(metric):
    with pytest.raises(
        ValueError, match=r"compares labels .* make_scorer\((mean|r2).*greater_is_b"
    ):
        find_objectives([metric])


def test_a_function_without_a_signature():
    (objective,) = find_objectives([max])
    assert isinstance(objective.scorer, PlainScore)
    assert not objective.scorer._accept_sample_weight()


def test_latency_of_lags_is_silent():
    X, y = np.random.default_rng(0).normal(size=(2, 30, 2))
    model = make_pipeline(LagFeaturizer(lags=3), Ridge()).fit(X, y)
    with pytest.warns(UserWarning, match="too few for lags"):
        model.predict(X[:1])
    (latency,) = find_objectives(["predict_latency"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert latency.measure(FittedSplit(model, X, 1.0)) > 0


def test_latency_asks_for_single_rows():
    rows_asked = []

    class Asked(Fixed):
        def predict(self, X):
            rows_asked.append(len(X))
            return super().predict(X)

    (latency,) = find_objectives(["predict_latency"])
    seconds = latency.measure(FittedSplit(Asked(np.zeros(5)), np.zeros((5, 2)), 1.0))
    assert 0 < seconds < 1
    assert set(rows_asked) == {1}


def test_names_that_are_unknown_or_stand_twice():
    with pytest.raises(ValueError, match=r"'msee' is no objective. Errors: mse, rmse"):
        find_objectives(["msee"])
    with pytest.raises(ValueError, match=r"different names. Got mse, mse\. Leave out"):
        find_objectives(["mse", "mse"])
    with pytest.raises(ValueError, match=r"3 is no objective. Pass a name or a function"):
        find_objectives([3])


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_sizes():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    y = X[:, 0]
    assert count_parameters(Ridge().fit(X, y)) == 4 + 1
    assert count_parameters(Ridge().fit(X, Y)) == 2 * (4 + 1)
    assert count_parameters(Lasso(0.3).fit(X, y)) == 1 + 1, "coefficients of zero are no parameters"
    assert count_parameters(make_pipeline(StandardScaler(), Ridge()).fit(X, y)) == 5
    assert count_parameters(TransformedTargetRegressor(Ridge()).fit(X, y)) == 5
    assert count_parameters(PerTargetRegressor(Ridge()).fit(X, Y)) == 10
    assert count_parameters(BaggingRegressor(Ridge(), n_estimators=3).fit(X, y)) == 15
    pipeline = make_pipeline(StandardScaler(), Ridge())
    assert count_parameters(PerTargetRegressor(pipeline).fit(X, Y)) == 10
    assert count_parameters(MultiOutputRegressor(pipeline).fit(X, Y)) == 10
    stacked = StackingRegressor([("a", Ridge()), ("b", pipeline)], Ridge(), cv=2).fit(X, y)
    assert count_parameters(stacked) == 5 + 5 + (2 + 1), "both members and what joins them"
    network = MLPRegressor(hidden_layer_sizes=(6,), max_iter=2, solver="lbfgs").fit(X, Y)
    assert count_parameters(network) == (4 + 1) * 6 + (6 + 1) * 2
    with pytest.raises(ValueError, match="parameters of DecisionTreeRegressor is not known"):
        count_parameters(DecisionTreeRegressor().fit(X, y))


def test_squared_error_as_a_metric_is_no_score():
    (objective,) = find_objectives([make_scorer(mean_squared_error, greater_is_better=False)])
    assert objective.scorer(Fixed(np.zeros(3)), np.zeros((3, 1)), np.ones(3)) == -1
