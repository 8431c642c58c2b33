"""Spaces that a search takes: plain Python, distributions, pipelines, spaces of spaces."""

import numpy as np
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete, ParetoSearchCV, any_of
from tests.search.searched import ALPHA, Noisy, X, Y, noisy, search_of


def test_spaces_of_plain_python():
    space = {
        "width": (1, 3),
        "shift": (0.5, 1.5),
        "random_state": [7],
    }
    search = noisy(space=space, n_trials=20).fit(X, Y)
    tried = pd.DataFrame(search.cv_results_["params"])
    assert set(tried["width"]) == {1, 2, 3}
    assert tried["shift"].between(0.5, 1.5).all()
    assert search.best_estimator_.random_state == 7


def test_distributions():
    space = {
        "width": IntDistribution(2, 8, step=3),
        "shift": FloatDistribution(1e-3, 1.0, log=True),
        "random_state": CategoricalDistribution([1, 2]),
    }
    tried = pd.DataFrame(noisy(space=space, n_trials=40).fit(X, Y).cv_results_["params"])
    assert set(tried["width"]) == {2, 5, 8}
    assert (tried["shift"] < 0.05).mean() > 0.3
    assert set(tried["random_state"]) == {1, 2}


@pytest.mark.parametrize("values", [(1, 1000), IntDistribution(1, 8, log=True)])
def test_many_integers_must_be_listed(values):
    with pytest.raises(ValueError, match=r"'width' takes .* values from 1 to"):
        noisy(space={"width": values}).fit(X, Y)


@pytest.mark.parametrize(
    ("estimator", "space", "message"),
    [
        (Lasso(), None, "`space` says which parameters"),
        (Lasso(), {}, "`space` must be"),
        (Lasso(), {"alpha": 3}, "The values of 'alpha' must be"),
        (Lasso(), {"alpha": "auto"}, "The values of 'alpha' must be"),
        (Lasso(), {1: [1]}, "name of a parameter must be a text, for example 'alpha'. Got 1"),
        (Lasso(), {"beta": (0.0, 1.0)}, "beta is no parameter of Lasso. Its parameters: alpha,"),
        (ALPHA, {"alpha": (0.0, 1.0)}, "`estimator` is a ConfigurationSpace"),
    ],
)
def test_bad_spaces(estimator, space, message):
    with pytest.raises(ValueError, match=message):
        ParetoSearchCV(estimator, space, n_trials=2, sampler="random").fit(X, Y)


def test_a_space_with_its_pipeline():
    space = ConfigurationSpace(
        [Discrete("width", [1, 2, 3])], pipeline="tests.search.searched.Noisy", fixed={"shift": 0.3}
    )
    search = ParetoSearchCV(space, sampler="random", n_trials=5, random_state=0).fit(X, Y)
    assert isinstance(search.best_estimator_, Noisy)
    assert search.best_estimator_.shift == 0.3
    assert search.__sklearn_tags__().estimator_type == "regressor"


def test_conditional_steps_of_a_pipeline():
    ridge, sized, scaler = Ridge(), Noisy(), StandardScaler()
    space = ConfigurationSpace(
        [
            Discrete("scale", ["passthrough", scaler]),
            Discrete("model", [ridge, sized]),
            Continuous("model__alpha", 1e-3, 1.0, log=True, when={"model": [ridge]}),
            Discrete("model__width", [1, 2], when={"model": [sized]}),
        ]
    )
    pipeline = Pipeline([("scale", "passthrough"), ("model", Lasso())])
    search = ParetoSearchCV(pipeline, space, sampler="random", n_trials=20, random_state=0)
    results = search.fit(X, Y).cv_results_
    assert (results["state"] == "complete").all()
    assert {type(c["model"]) for c in results["params"]} == {Ridge, Noisy}
    is_ridge = np.array([c["model"] is ridge for c in results["params"]])
    np.testing.assert_array_equal(results["param_model__alpha"].mask, ~is_ridge)
    assert not hasattr(scaler, "mean_"), "the choices themselves are never fitted"
    assert not hasattr(ridge, "coef_")


@pytest.mark.parametrize("storage", [None, "journal"])
def test_nan_among_the_candidates(tmp_path, storage):
    """A storage gives copies of it, which are equal to nothing."""
    values = np.where(X > 1.2, np.nan, X)
    model = make_pipeline(SimpleImputer(), Ridge())
    space = {"simpleimputer__missing_values": [np.nan, -1], "ridge__alpha": [0.1, 1.0]}
    kept = storage and str(tmp_path / storage)
    search = search_of(model, space, storage=kept, n_trials=4, sampler="phmoea")
    with pytest.warns(FitFailedWarning, match=r"2 of 4 trials failed.*Input X contains NaN"):
        results = search.fit(values, Y).cv_results_
    is_nan = np.array([np.isnan(c["simpleimputer__missing_values"]) for c in results["params"]])
    np.testing.assert_array_equal(results["state"] == "complete", is_nan)
    with pytest.warns(FitFailedWarning):
        again = clone(search).fit(values, Y)
    pd.testing.assert_frame_equal(search.pareto_front_, again.pareto_front_)


def test_the_first_trial_of_a_space_of_spaces_is_tried_as_before():
    """Spaces that make their own estimators have no parameters to set."""
    own = ConfigurationSpace([Continuous("alpha", 0.1, 1.0)], "sklearn.linear_model.Lasso")
    search = ParetoSearchCV(
        any_of("model", {"lasso": own}), sampler="random", n_trials=2, random_state=0
    )
    assert search.fit(X, Y).predict(X).shape == Y.shape
