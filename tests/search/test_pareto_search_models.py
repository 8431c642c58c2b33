"""The models of a search: fitted when asked for, on the data of the search, and its methods."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from sklearn_mtl.search import ParetoSearchCV, msbcnn_space
from tests.search.searched import WEIGHTS, Noisy, X, Y, lasso, search_of


@pytest.mark.parametrize("method", ["select", "select_index", "front_table", "hypervolume_history"])
def test_not_fitted(method):
    with pytest.raises(NotFittedError):
        getattr(search_of(), method)()


def test_models_are_fitted_when_asked_for():
    search = lasso().fit(X, Y)
    models = search.pareto_estimators_
    assert repr(models).endswith("1 of them fitted>")
    assert models[-1] is models[len(models) - 1] is search.select("smallest")
    assert [m.alpha for m in models[:]] == search.pareto_front_["alpha"].tolist()
    with pytest.raises(IndexError):
        models[len(models)]


def test_without_refit():
    search = lasso(refit=False).fit(X, Y)
    assert not hasattr(search, "predict")
    assert not hasattr(search, "best_index_")
    assert search.n_features_in_ == 3
    assert search.select("smallest").predict(X).shape == Y.shape


@pytest.mark.parametrize("changed", ["X", "y", "sample_weight"])
def test_models_are_not_fitted_on_data_changed_after_the_search(changed):
    data = {"X": X.copy(), "y": Y.copy(), "sample_weight": WEIGHTS.copy()}
    space = {"width": list(range(1, 9)), "shift": (0.0, 1.0)}
    search = search_of(Noisy(), space, n_trials=20, refit="best_error").fit(**data)
    assert search.best_front_index_ != search.select_index("smallest")
    expected = clone(search).fit(X, Y, sample_weight=WEIGHTS).select("smallest")
    before = data[changed][0].copy()
    data[changed][0] += 1
    with pytest.raises(RuntimeError, match="was changed after the search"):
        search.select("smallest")
    assert search.select("best_error") is search.best_estimator_, "fitted before"
    data[changed][0] = before
    assert search.select("smallest").mean_ == expected.mean_


def test_methods_that_models_of_a_space_have():
    search = ParetoSearchCV(msbcnn_space())
    assert hasattr(search, "predict")
    assert hasattr(search, "score")
    for name in ("transform", "predict_proba", "decision_function"):
        assert not hasattr(search, name)


def test_nested_and_cloned():
    search = lasso(4)
    assert cross_val_score(search, X, Y, cv=3).min() > 0.5
    copied = clone(search)
    assert copied.get_params()["estimator"] is not search.estimator
    with pytest.raises(NotFittedError):
        copied.predict(X)


def test_pickle_predicts_but_holds_no_data():
    search = lasso().fit(np.tile(X, (50, 1)), np.tile(Y, 50))
    stored = pickle.dumps(search)
    assert len(stored) < 50 * X.nbytes
    restored = pickle.loads(stored)
    np.testing.assert_array_equal(restored.predict(X), search.predict(X))
    assert restored.select("knee").alpha == search.best_params_["alpha"]
    assert len(restored.study_.trials) == 12
    with pytest.raises(RuntimeError, match="does not hold the training data"):
        restored.select("smallest")
