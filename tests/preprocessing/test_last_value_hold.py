"""LastValueHold: causal, bounded in age, cell by cell."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklearn_mtl.preprocessing import LastValueHold


def holes(n=60, d=4, share=0.6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    X[rng.random((n, d)) < share] = np.nan
    return X


def loop_reference(X, max_age):
    out = X.copy()
    for t in range(len(X)):
        for d in range(X.shape[1]):
            for age in range(1, max_age + 1):
                if np.isnan(out[t, d]) and t - age >= 0:
                    out[t, d] = X[t - age, d]
    return out


@pytest.mark.parametrize("max_age", [1, 2, 5, 1000])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_equals_the_loop(max_age, share):
    X = holes(share=share)
    out = LastValueHold(max_age).fit_transform(X)
    np.testing.assert_array_equal(out, loop_reference(X, max_age))


@pytest.mark.parametrize("max_age", [1, 3, 7])
def test_equals_forward_fill_of_pandas(max_age):
    X = pd.DataFrame(holes())
    np.testing.assert_array_equal(
        LastValueHold(max_age).fit_transform(X), X.ffill(limit=max_age).to_numpy()
    )


def test_no_value_of_the_future_enters():
    X = holes()
    changed = X.copy()
    changed[30:] = 99
    hold = LastValueHold(5)
    np.testing.assert_array_equal(hold.fit_transform(X)[:30], hold.fit_transform(changed)[:30])


def test_a_channel_is_dead_after_max_age():
    flow = np.array([[1.0], *[[np.nan]] * 5])
    np.testing.assert_array_equal(
        LastValueHold(3).fit_transform(flow).ravel(), [1, 1, 1, 1, np.nan, np.nan]
    )


def test_nothing_is_remembered_between_calls():
    hold = LastValueHold(3).fit(np.ones((5, 2)))
    np.testing.assert_array_equal(hold.transform([[np.nan, 2.0]]), [[np.nan, 2.0]])


def test_indicator_marks_what_was_missing():
    X = pd.DataFrame(holes(), columns=["air", "Füllstand", "a b", "x(t)"])
    hold = LastValueHold(2, indicator=True).set_output(transform="pandas")
    out = hold.fit_transform(X)
    assert list(out.columns[4:]) == [f"missingindicator_{name}" for name in X.columns]
    np.testing.assert_array_equal(out.iloc[:, 4:], X.isna())
    np.testing.assert_array_equal(out.iloc[:, :4], LastValueHold(2).fit_transform(X))


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_memory(indicator, dtype):
    X = holes().astype(dtype)
    X.flags.writeable = False
    out = LastValueHold(2, indicator=indicator).fit_transform(X)
    assert out.dtype == dtype
    assert not np.shares_memory(out, X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_age": 0}, "'max_age' parameter"),
        ({"max_age": 1.5}, "'max_age' parameter"),
        ({"max_age": None}, "'max_age' parameter"),
        ({"max_age": 1, "indicator": "yes"}, "'indicator' parameter"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        LastValueHold(**params).fit(holes())


def test_infinite_values_raise():
    with pytest.raises(ValueError, match="infinity"):
        LastValueHold(1).fit([[np.inf]])


def test_clone_and_pickle():
    X = holes()
    hold = LastValueHold(2, indicator=True).fit(X)
    out = hold.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(hold)).transform(X), out)
    np.testing.assert_array_equal(clone(hold).fit(X).transform(X), out)
