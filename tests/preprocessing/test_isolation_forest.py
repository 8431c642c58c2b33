"""IsolationForestFilter: excludes in training, answers in prediction."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_mtl.preprocessing import IsolationForestFilter, LagFeaturizer, LastValueHold


def normal(n=200, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def cleaning(**params):
    return IsolationForestFilter(n_estimators=20, random_state=0, **params)


def excluded(X):
    return np.isnan(X).any(axis=1)


@pytest.mark.parametrize("contamination", [0.01, 0.05, 0.25, 0.5])
def test_share_of_rows_kept(contamination):
    X = normal(400)
    out = cleaning(contamination=contamination).fit_transform(X)
    assert excluded(out).mean() == pytest.approx(contamination, abs=0.005)
    np.testing.assert_array_equal(np.isnan(out).all(axis=1), excluded(out))
    np.testing.assert_array_equal(out[~excluded(out)], X[~excluded(out)])


def test_equals_the_forest_it_wraps():
    X = normal()
    mine = cleaning().fit(X)
    forest = IsolationForest(n_estimators=20, contamination=0.05, random_state=0).fit(X)
    np.testing.assert_array_equal(mine.inlier_mask_, forest.predict(X) == 1)
    np.testing.assert_allclose(mine.anomaly_scores_, forest.score_samples(X))
    new = normal(50, seed=1)
    np.testing.assert_allclose(mine.score_samples(new), forest.score_samples(new))
    assert mine.offset_ == pytest.approx(forest.offset_)


def test_planted_outliers_are_found():
    X = normal()
    X[[3, 77]] = [[30, 30, 30], [-40, 0, 40]]
    mine = cleaning(contamination=0.01).fit(X)
    assert not mine.inlier_mask_[[3, 77]].any()
    assert set(np.argsort(mine.anomaly_scores_)[:2]) == {3, 77}


def test_transform_passes_or_marks():
    X = normal()
    far = np.full((1, 3), 50.0)
    rows = np.vstack([X[:5], far])
    np.testing.assert_array_equal(cleaning().fit(X).transform(rows), rows)
    marking = cleaning(on_transform="mark").fit(X)
    marked = marking.transform(rows)
    assert np.isnan(marked[-1]).all()
    np.testing.assert_array_equal(excluded(marked), marking.score_samples(rows) < marking.offset_)


def test_marking_the_training_rows_equals_fit_transform():
    X = normal()
    marking = cleaning(on_transform="mark")
    np.testing.assert_array_equal(marking.fit_transform(X), marking.transform(X))


def test_excluded_rows_stay_excluded_and_do_not_move_the_forest():
    X = normal()
    with_holes = np.insert(X, [0, 50, 200], np.nan, axis=0)
    with_holes[0, 1:] = 1e9  # partly missing: its other values must not count
    rows = excluded(with_holes)
    mine, plain = cleaning().fit(with_holes), cleaning().fit(X)
    np.testing.assert_array_equal(mine.anomaly_scores_[~rows], plain.anomaly_scores_)
    assert np.isnan(mine.anomaly_scores_[rows]).all()
    assert not mine.inlier_mask_[rows].any()
    np.testing.assert_array_equal(mine.fit_transform(with_holes)[rows], with_holes[rows])
    for on_transform in ("pass", "mark"):
        out = mine.set_params(on_transform=on_transform).transform(with_holes[rows])
        np.testing.assert_array_equal(out, with_holes[rows])
    assert np.isnan(mine.score_samples(with_holes[rows])).all()


def test_no_complete_row_raises():
    with pytest.raises(ValueError, match=r"All 4 rows have a missing value.*LastValueHold"):
        cleaning().fit(np.full((4, 2), np.nan))


@pytest.mark.parametrize("X", [np.full((30, 2), 3.0), np.ones((1, 2))], ids=["constant", "one row"])
def test_rows_that_do_not_differ_are_kept(X):
    mine = cleaning()
    np.testing.assert_array_equal(mine.fit_transform(X), X)
    assert mine.inlier_mask_.all()


@pytest.mark.parametrize(("scale", "level"), [(1e-12, 0), (1e300, 0), (1, 1e9)])
def test_units_do_not_matter(scale, level):
    X = normal()
    mine = cleaning().fit(scale * X + level)
    np.testing.assert_array_equal(mine.inlier_mask_, cleaning().fit(X).inlier_mask_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_read_only_memory(dtype):
    X = normal().astype(dtype)
    X.flags.writeable = False
    before = X.copy()
    mine = cleaning(on_transform="mark")
    assert mine.fit_transform(X).dtype == dtype
    assert mine.transform(X).dtype == dtype
    np.testing.assert_array_equal(X, before)


def test_same_seed_same_rows():
    X = normal()
    global_state = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(cleaning().fit_transform(X), cleaning().fit_transform(X))
    np.testing.assert_array_equal(np.random.get_state()[1], global_state)  # noqa: NPY002


def test_names_and_output_container():
    X = pd.DataFrame(normal(), columns=["a b", "Füllstand", "x(t)"]).set_index(
        pd.date_range("2024", periods=200)
    )
    out = cleaning().set_output(transform="pandas").fit_transform(X)
    assert list(out.columns) == list(X.columns)
    assert out.index.equals(X.index)
    assert out.isna().all(axis=1).sum() == 10


def test_clone_and_pickle():
    X = normal()
    mine = cleaning(on_transform="mark").fit(X)
    out = mine.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(mine)).transform(X), out)
    np.testing.assert_array_equal(clone(mine).fit(X).transform(X), out)


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"contamination": 0}, "contamination"),
        ({"contamination": 0.6}, "contamination"),
        ({"contamination": "auto"}, "contamination"),
        ({"n_estimators": 0}, "n_estimators"),
        ({"on_transform": "drop"}, "on_transform"),
        ({"random_state": "seed"}, "random_state"),
        ({"n_jobs": 1.5}, "n_jobs"),
    ],
)
def test_wrong_parameters_are_named(params, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        IsolationForestFilter(**params).fit(normal())


def test_documented_order_of_steps():
    X = pd.DataFrame(normal(100), columns=list("abc"))
    X.iloc[20, 0] = np.nan  # held
    X.iloc[60:65, 1] = np.nan  # longer than max_age: these rows stay excluded
    for scaler in (StandardScaler(), MinMaxScaler()):
        steps = make_pipeline(
            LastValueHold(2), LagFeaturizer(lags=1, history="exclude"), cleaning(), scaler
        )
        steps.set_output(transform="pandas")
        train = excluded(steps.fit_transform(X).to_numpy())
        warm_up_or_dead = {0, 62, 63, 64, 65}
        assert warm_up_or_dead < set(np.flatnonzero(train))
        assert set(np.flatnonzero(excluded(steps.transform(X).to_numpy()))) == warm_up_or_dead
        assert train.sum() == len(warm_up_or_dead) + 5  # 5 % of the other 95 rows, rounded up
