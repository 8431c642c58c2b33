"""The part that early stopping watches: held out by strategy, or passed by the user."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.estimators.neural import plant, tiny, watched_parts


def rows_of(part):
    return part.X.numpy()


def single(X):
    return X.astype(np.float32)


@pytest.mark.parametrize(("fraction", "n_held_out"), [(0.15, 15), (0.5, 50), (0.999, 99)])
def test_the_newest_rows_are_held_out(fraction, n_held_out):
    X, y = plant(missing=0.0)
    train, valid = watched_parts(tiny(validation_fraction=fraction), X, y)
    np.testing.assert_array_equal(rows_of(train), single(X[:-n_held_out]))
    np.testing.assert_array_equal(rows_of(valid), single(X[-n_held_out:]))


def test_the_share_is_that_of_the_labelled_rows():
    """A minute table with one assay a shift must not hold out rows without a label."""
    X, y = plant(1000, missing=0.0)
    y[np.arange(1000) % 10 > 0] = np.nan
    X[0, 0] = np.nan
    train, valid = watched_parts(tiny(), X, y)
    labelled = np.arange(10, 1000, 10)
    n_held_out = int(0.15 * 99)
    np.testing.assert_array_equal(rows_of(train), single(X[labelled[:-n_held_out]]))
    np.testing.assert_array_equal(rows_of(valid), single(X[labelled[-n_held_out:]]))


def test_random_rows_are_held_out():
    X, y = plant(missing=0.0)
    model = tiny(validation_strategy="random")
    train, valid = watched_parts(model, X, y)
    both = np.concatenate([rows_of(train), rows_of(valid)])
    assert len(rows_of(valid)) == 15
    assert {tuple(row) for row in both} == {tuple(row) for row in single(X)}
    assert not np.array_equal(rows_of(valid), single(X[-15:]))
    again = watched_parts(model, X, y)[1]
    np.testing.assert_array_equal(rows_of(valid), rows_of(again))
    other = watched_parts(model.set_params(random_state=7), X, y)[1]
    assert not np.array_equal(rows_of(valid), rows_of(other))


@pytest.mark.parametrize("fraction", [None, 0, 0.001])
def test_no_validation_part(fraction):
    X, y = plant(missing=0.0)
    model = tiny(validation_fraction=fraction, patience=1, max_epochs=6)
    train, valid = watched_parts(model, X, y)
    assert len(train) == 100
    assert valid is None
    assert model.n_iter_ == 6
    assert "valid_loss" not in model.history_


def test_a_given_validation_part_is_used_and_all_rows_train():
    X, y = plant()
    X_val, y_val = plant(30, seed=1)
    X_val[4, 0] = np.nan
    y_val[6] = np.nan
    model = tiny()
    train, valid = watched_parts(model, X, y, X_val=X_val, y_val=y_val)
    assert len(train) == (~np.isnan(y).all(axis=1)).sum()
    kept = ~np.isnan(X_val).any(axis=1) & ~np.isnan(y_val).all(axis=1)
    np.testing.assert_array_equal(rows_of(valid), single(X_val[kept]))
    standardised = (y_val[kept] - model.scaling_.mean) / model.scaling_.scale
    np.testing.assert_allclose(valid.y.numpy(), standardised, rtol=1e-5)


def test_the_result_has_the_best_validation_loss():
    X, y = plant(40)
    X_val, y_val = plant(60, seed=1)
    model = tiny(max_epochs=80, patience=8, learning_rate=0.03)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    errors = (model.predict(X_val) - y_val) / model.scaling_.scale
    loss = np.nanmean(errors**2, axis=0).mean()
    assert loss == pytest.approx(model.history_["valid_loss"].min(), rel=1e-4)
    assert model.n_iter_ == model.history_["valid_loss"].idxmin() + 1 + 8 < 80


def test_a_target_without_label_in_the_validation_part_is_named_once():
    X, y = plant()
    frame = pd.DataFrame(y, columns=["H2S", "SO2"])
    frame.loc[80:, "SO2"] = np.nan
    with pytest.warns(UserWarning, match=r"No label in the validation part .* \['SO2'\]") as record:
        model = tiny().fit(X, frame)
    assert len(record) == 1
    assert model.history_["valid_loss_SO2"].isna().all()
    np.testing.assert_allclose(model.history_["valid_loss"], model.history_["valid_loss_H2S"])


def test_a_validation_part_without_any_label_is_none_at_all():
    X, y = plant()
    with pytest.warns(UserWarning, match=r"\['y0', 'y1'\]"):
        model = tiny().fit(X, y, X_val=X, y_val=np.full_like(y, np.nan))
    assert "valid_loss" not in model.history_


def test_labels_in_the_held_out_part_only_raise_with_the_way_out():
    X, y = plant(missing=0.0)
    y[:90, 1] = np.nan
    with pytest.raises(ValueError, match=r"\['y1'\].*validation_strategy='random'"):
        tiny().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tiny(validation_strategy="random").fit(X, y)
        tiny(validation_fraction=None).fit(X, y)
        tiny().fit(X, y, X_val=X, y_val=y)


@pytest.mark.parametrize(
    ("n_inputs", "n_targets", "message"),
    [
        (20, None, "must be passed together"),
        (None, 20, "must be passed together"),
        (20, 1, "inconsistent numbers of samples"),
        (20, 7, "inconsistent numbers of samples"),
    ],
)
def test_wrong_validation_parts_raise(n_inputs, n_targets, message):
    X, y = plant()
    X_val = None if n_inputs is None else X[:n_inputs]
    y_val = None if n_targets is None else y[:n_targets]
    with pytest.raises(ValueError, match=message):
        tiny().fit(X, y, X_val=X_val, y_val=y_val)


def test_another_number_of_targets_in_the_validation_part_raises():
    X, y = plant(n_targets=3)
    with pytest.raises(ValueError, match=r"3 targets .* Found 2"):
        tiny().fit(X, y, X_val=X, y_val=y[:, :2])


def test_targets_in_another_order_raise():
    X, y = plant()
    frame = pd.DataFrame(y, columns=["H2S", "SO2"])
    with pytest.raises(ValueError, match="SO2"):
        tiny().fit(X, frame, X_val=X, y_val=frame[["SO2", "H2S"]])
