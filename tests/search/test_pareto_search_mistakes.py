"""Mistakes in the arguments of a search, told before the first trial."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import PerTargetRegressor
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
