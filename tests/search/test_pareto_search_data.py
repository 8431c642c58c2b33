"""Data that a search takes: frames, splits, weights, groups, missing labels, classes."""

import numpy as np
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import PerTargetRegressor
from sklearn_mtl.search import ParetoSearchCV
from tests.search.searched import Fragile, WeightedRidge, X, Y, lasso, noisy, search_of


def test_data_frames():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    search = lasso().fit(frame, pd.Series(Y))
    assert search.feature_names_in_.tolist() == ["a", "b", "c"]
    assert search.best_estimator_.feature_names_in_.tolist() == ["a", "b", "c"]


def test_default_splits_are_in_the_order_of_time():
    search = noisy(n_trials=2).fit(X, Y)
    assert search.n_splits_ == 1
    rows = np.arange(60)
    expected = noisy(n_trials=2, cv=[(rows[:48], rows[48:])]).fit(X, Y)
    pd.testing.assert_frame_equal(search.pareto_front_, expected.pareto_front_)
    with pytest.raises(ValueError, match="a minimum of 2 is required"):
        noisy().fit(X[:1], Y[:1])


@pytest.mark.parametrize("cv", [3, KFold(3, shuffle=True, random_state=0)])
def test_splitters(cv):
    assert noisy(cv=cv, n_trials=2).fit(X, Y).n_splits_ == 3


def test_weights_go_to_estimator_and_scorers():
    weights = np.random.default_rng(0).integers(0, 3, size=60).astype(float)
    search = ParetoSearchCV(
        WeightedRidge(), {"alpha": [1.0]}, objectives=("mse",), sampler="random", n_trials=1
    )
    search.fit(X, Y, sample_weight=weights)
    model = Ridge(1.0).fit(X[:48], Y[:48], sample_weight=weights[:48])
    expected = np.average((model.predict(X[48:]) - Y[48:]) ** 2, weights=weights[48:])
    assert search.pareto_front_["mse"][0] == pytest.approx(expected)
    np.testing.assert_array_equal(search.best_estimator_.weights_, weights)

    def own(estimator, X, y):
        return 0.0

    search.set_params(objectives=("mse", own))
    with pytest.warns(UserWarning, match="`sample_weight` is not used by own"):
        search.fit(X, Y, sample_weight=weights)


def test_groups_go_to_the_splitter():
    groups = np.repeat(np.arange(6), 10)
    search = noisy(cv=GroupKFold(3), n_trials=2).fit(X, Y, groups=groups)
    assert search.n_splits_ == 3


def test_metadata_routing():
    import sklearn

    weights = np.ones(60)
    weights[:30] = 2
    with sklearn.config_context(enable_metadata_routing=True):
        model = WeightedRidge().set_fit_request(sample_weight=True)
        search = ParetoSearchCV(
            model, {"alpha": [1.0]}, cv=GroupKFold(3), sampler="random", n_trials=1
        )
        search.fit(X, Y, sample_weight=weights, groups=np.repeat(np.arange(6), 10))
    np.testing.assert_array_equal(search.best_estimator_.weights_, weights)


def test_missing_labels():
    labels = np.column_stack([Y, -Y])
    labels[::3, 0] = np.nan
    search = noisy(Fragile, {"width": [1, 4], "shift": (0.0, 1.0)}, objectives=("nmae",))
    with pytest.raises(ValueError, match="All 10 trials failed"):
        search.fit(X, labels)  # a plain mean of NaN
    search = ParetoSearchCV(
        PerTargetRegressor(Ridge()), {"regressor__alpha": (0.1, 9.0)}, sampler="random", n_trials=3
    )
    assert search.fit(X, labels).predict(X).shape == (60, 2)
    assert search.pareto_front_["n_parameters"].tolist() == [8]


def test_sizes_of_pipelines_for_several_targets_with_missing_labels():
    labels = np.column_stack([Y, -Y])
    labels[::3, 0] = np.nan
    model = PerTargetRegressor(make_pipeline(StandardScaler(), Ridge()))
    search = search_of(model, {"regressor__ridge__alpha": (0.1, 9.0)}).fit(X, labels)
    assert search.pareto_front_["n_parameters"].tolist() == [8]


def test_classifiers():
    iris_X, iris_y = load_iris(return_X_y=True)
    search = ParetoSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(l1_ratio=1.0, solver="saga", tol=0.1)),
        {"logisticregression__C": FloatDistribution(1e-2, 1.0, log=True)},
        objectives=("accuracy", "n_parameters"),
        cv=3,
        sampler="random",
        n_trials=5,
        random_state=0,
    ).fit(iris_X, iris_y)
    assert search.classes_.tolist() == [0, 1, 2]
    assert search.predict_proba(iris_X).shape == (150, 3)
    assert not hasattr(search, "transform")
    assert search.pareto_front_["accuracy"].is_monotonic_decreasing
