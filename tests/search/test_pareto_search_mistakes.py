"""Mistakes in the arguments of a search, told before the first trial."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import PerTargetRegressor
from sklearn_mtl.metrics import normalized_mean_squared_error
from sklearn_mtl.search import ConfigurationSpace, Continuous, ParetoSearchCV
from tests.search.searched import X, Y, lasso, search_of


@pytest.mark.parametrize(
    "params",
    [
        {"n_trials": 0},
        {"sampler": "genetic"},
        {"refit": "elbow"},
        {"timeout": 0},
        {"early_stopping": 0},
        {"objectives": "mse"},
        {"constraints": "mae <= 3"},
    ],
)
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        lasso().set_params(**params).fit(X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"objectives": [3]}, "3 is no objective"),
        ({"callbacks": [3]}, "`callbacks` must be functions (study, trial). Got 3."),
        (
            {
                "estimator": make_pipeline(StandardScaler(), Ridge()),
                "space": {"ridge__alfa": (0.1, 1.0)},
            },
            "The space does not fit the estimator. Invalid parameter 'alfa' for estimator Ridge()",
        ),
    ],
)
def test_mistakes(params, message):
    tried = []
    note = {"callbacks": [lambda study, trial: tried.append(trial)]}
    with pytest.raises(ValueError, match=re.escape(message)):
        search_of(**{**note, **params}).fit(X, Y)
    assert not tried


def named(name):
    def score(estimator, X, y):
        return -1.0

    score.__name__ = name
    return score


@pytest.mark.parametrize("name", ["alpha", "trial"])
def test_columns_of_the_front_have_different_names(name):
    with pytest.raises(ValueError, match=f"'{name}' would be two columns of `pareto_front_`"):
        search_of(objectives=["mse", named(name)]).fit(X, Y)


@pytest.mark.parametrize(
    ("rows", "part"), [(slice(48, None), "test"), (slice(None, 48), "training")]
)
def test_targets_without_labels(rows, part):
    labels = pd.DataFrame({"h2s": Y, "so2": -Y})
    labels.iloc[rows, 1] = np.nan
    search = search_of(PerTargetRegressor(Ridge()), {"regressor__alpha": (0.1, 1.0)})
    with pytest.raises(ValueError, match=f"'so2' has no label in the {part} part of split 0"):
        search.fit(X, labels)
    whole = np.arange(60)
    search.set_params(cv=[(whole, whole), (whole[:48], whole[48:])])
    with pytest.raises(ValueError, match=f"'so2' has no label in the {part} part of split 1"):
        search.fit(X, labels)


OLD, NEW = np.arange(48), np.arange(48, 60)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ((OLD, NEW + 1), "The test part of split 1 by `cv` does not fit 60 rows: index 60 is out"),
        ((np.ones(61, dtype=bool), NEW), "The training part of split 1 by `cv` does not fit"),
        ((["first"], NEW), "The training part of split 1 by `cv` does not fit 60 rows"),
        ((OLD, []), "The test part of split 1 by `cv` is empty"),
        ((np.zeros(60, dtype=bool), NEW), "The training part of split 1 by `cv` is empty"),
    ],
)
def test_splits_that_do_not_fit(split, message):
    with pytest.raises(ValueError, match=message):
        search_of(cv=[(OLD, NEW), split]).fit(X, Y)


def test_parameters_of_a_step_that_is_not_always_there():
    space = {"reduce": ["passthrough", PCA()], "reduce__n_components": [1, 2]}
    model = Pipeline([("reduce", PCA()), ("model", Ridge())])
    with pytest.raises(ValueError, match=r"The space does not fit .* with `when`"):
        search_of(model, space).fit(X, Y)


@pytest.mark.parametrize(
    "objective",
    ["neg_mean_squared_error", make_scorer(mean_absolute_error, greater_is_better=False)],
)
def test_scorers_that_need_all_labels(objective):
    labels = np.column_stack([Y, -Y])
    labels[::3, 0] = np.nan
    model, space = PerTargetRegressor(Ridge()), {"regressor__alpha": (0.1, 1.0)}
    with pytest.raises(ValueError, match=r"takes no missing labels, and y has some. Choose among"):
        search_of(model, space, objectives=[objective]).fit(X, labels)
    with pytest.raises(ValueError, match=r"neg_max_error.* takes no missing labels"):
        search_of(model, space, constraints=["neg_max_error >= -3"]).fit(X, labels)
    masked = make_scorer(normalized_mean_squared_error, greater_is_better=False)
    for taken in ("mse", "r2", masked):
        search_of(model, space, objectives=[taken], n_trials=2).fit(X, labels)


def test_a_search_that_cannot_be_fitted_can_be_shown():
    search = ParetoSearchCV(ConfigurationSpace([Continuous("a", 0, 1)]))
    assert "ParetoSearchCV" in search._repr_html_()
    with pytest.raises(ValueError, match="names no `pipeline`"):
        search.fit(X, Y)
