"""BlockedKFold: every row tests once, no training row within the embargo."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from sklearn_mtl.model_selection import BlockedKFold


@pytest.mark.parametrize("n_splits", [2, 3, 7])
@pytest.mark.parametrize("gap", [0, 1, 5])
@pytest.mark.parametrize("n", [20, 50, 101])
def test_blocks_and_embargo(n_splits, gap, n):
    folds = list(BlockedKFold(n_splits, gap).split(np.zeros((n, 1))))
    assert len(folds) == n_splits
    np.testing.assert_array_equal(np.concatenate([test for _, test in folds]), np.arange(n))
    for train, test in folds:
        np.testing.assert_array_equal(np.diff(test), 1)
        distance = np.abs(np.arange(n)[:, np.newaxis] - test).min(axis=1)
        np.testing.assert_array_equal(train, np.flatnonzero(distance > gap))


@pytest.mark.parametrize("n", [10, 13])
def test_without_gap_equals_kfold(n):
    X = np.zeros((n, 1))
    for mine, theirs in zip(BlockedKFold(4).split(X), KFold(4).split(X), strict=True):
        np.testing.assert_array_equal(mine[0], theirs[0])
        np.testing.assert_array_equal(mine[1], theirs[1])


def test_windows_of_train_and_test_share_no_row():
    lags = 4
    for train, test in BlockedKFold(3, gap=lags).split(np.zeros((40, 1))):
        used = {row - z for row in test for z in range(lags + 1)}
        assert not used & {row - z for row in train for z in range(lags + 1)}


@pytest.mark.parametrize("container", [list, np.array, pd.DataFrame])
def test_containers(container):
    train, test = next(BlockedKFold(2).split(container([[0.0]] * 4), y=[0] * 4))
    assert (train.tolist(), test.tolist()) == ([2, 3], [0, 1])


def test_in_model_selection_of_scikit_learn():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = X @ [1.0, 2.0]
    cv = BlockedKFold(4, gap=2)
    assert cv.get_n_splits(X) == 4
    assert repr(cv) == "BlockedKFold(gap=2, n_splits=4)"
    assert cross_val_score(Ridge(1e-3), X, y, cv=cv).min() > 0.99
    search = GridSearchCV(Ridge(), {"alpha": [1e-3, 1e3]}, cv=cv)
    assert clone(search).fit(X, y).best_params_ == {"alpha": 1e-3}


@pytest.mark.parametrize("n_splits", [1, 0, 2.5, True, "3"])
def test_wrong_n_splits_is_named(n_splits):
    with pytest.raises(ValueError, match="`n_splits` must be an integer of at least 2") as error:
        BlockedKFold(n_splits)
    assert repr(n_splits) in str(error.value)


@pytest.mark.parametrize("gap", [-1, 1.5, None])
def test_wrong_gap_is_named(gap):
    with pytest.raises(ValueError, match="`gap` must be an integer of at least 0"):
        BlockedKFold(3, gap=gap)


def test_too_few_rows():
    with pytest.raises(ValueError, match="n_splits=5 is more than the number of rows, 4"):
        next(BlockedKFold(5).split(np.zeros((4, 1))))
    with pytest.raises(ValueError, match="gap=4 leaves no training row beside test rows 4 to 6"):
        list(BlockedKFold(3, gap=4).split(np.zeros((10, 1))))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(BlockedKFold(2).split(np.zeros((4, 1)), np.zeros(3)))
