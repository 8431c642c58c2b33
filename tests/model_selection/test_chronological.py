"""chronological_split: the past trains, the future tests."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.model_selection import chronological_split


@pytest.mark.parametrize("n", [10, 20, 97, 100, 10_071])
@pytest.mark.parametrize("sizes", [(0.7, 0.15, 0.15), (0.6, 0.2, 0.2), (1 / 3, 1 / 3, 1 / 3)])
def test_parts_are_the_rows_in_order(n, sizes):
    X, y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    *X_parts, y_train, y_val, y_test = chronological_split(X, y, sizes=sizes)
    np.testing.assert_array_equal(np.vstack(X_parts), X)
    np.testing.assert_array_equal(np.concatenate([y_train, y_val, y_test]), y)
    assert [len(part) for part in X_parts] == [len(y_train), len(y_val), len(y_test)]
    for part, share in zip(X_parts, sizes, strict=True):
        assert abs(len(part) - share * n) <= 1


@pytest.mark.parametrize("n", [20, 40, 60, 100, 1000, 2000])
def test_whole_cuts_are_exact(n):
    X_train, X_val, X_test, *_ = chronological_split(np.zeros((n, 1)), np.zeros(n))
    assert [len(X_train), len(X_val), len(X_test)] == [n * 14 // 20, n * 3 // 20, n * 3 // 20]


def test_pandas_in_pandas_out():
    X = pd.DataFrame({"a b": range(20)}, index=pd.date_range("2024", periods=20))
    y = pd.Series(range(20), index=X.index, name="H2S")
    X_train, X_val, X_test, y_train, y_val, y_test = chronological_split(X, y)
    pd.testing.assert_frame_equal(pd.concat([X_train, X_val, X_test]), X, check_freq=False)
    pd.testing.assert_series_equal(pd.concat([y_train, y_val, y_test]), y, check_freq=False)
    assert X_train.index.max() < X_val.index.min()
    assert X_val.index.max() < X_test.index.min()


def test_lists_and_missing_labels_pass():
    y = [[1.0, np.nan]] * 10
    X_train, *_, y_test = chronological_split([[0.0]] * 10, y, sizes=(0.8, 0.1, 0.1))
    assert len(X_train) == 8
    assert y_test == y[:1]


@pytest.mark.parametrize(
    "sizes", [(0.7, 0.2), (0.7, 0.2, 0.2), (1.0, 0.0, 0.0), (1.2, -0.1, -0.1), (70, 15, 15)]
)
def test_wrong_sizes_are_named(sizes):
    with pytest.raises(ValueError, match=r"`sizes` must be three positive shares") as error:
        chronological_split(np.zeros((10, 1)), np.zeros(10), sizes=sizes)
    assert repr(sizes) in str(error.value)


def test_an_empty_part_is_named():
    with pytest.raises(ValueError, match="The training part has no row: 1 rows"):
        chronological_split([[1.0]], [1.0])
    with pytest.raises(ValueError, match="The validation part has no row: 3 rows"):
        chronological_split(np.zeros((3, 1)), np.zeros(3))


def test_lengths_and_order_are_checked():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        chronological_split(np.zeros((10, 1)), np.zeros(9))
    X = pd.DataFrame({"a": range(20)}, index=pd.date_range("2024", periods=20)[::-1])
    with pytest.raises(ValueError, match="sort_index"):
        chronological_split(X, X["a"])
