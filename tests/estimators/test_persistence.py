"""Copies: cloned, pickled, loaded in another process."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import AttentionMMoERegressor, MMoERegressor, MultiTaskRegressor
from sklearn_mtl.losses import get_loss
from sklearn_mtl.weighting import FixedWeighting, GradNorm
from tests.estimators.neural import NEURAL, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


@ALL
def test_round_trip(cls):
    X, y = plant()
    model = tiny(cls, ema_decay=0.9).fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert twin.score(X, y) == model.score(X, y)
    assert twin.history_.equals(model.history_)
    assert twin.target_names_ == model.target_names_
    if model.ensemble_size > 1:
        np.testing.assert_array_equal(
            twin.predict(X, return_member_std=True)[1], model.predict(X, return_member_std=True)[1]
        )


@ALL
def test_a_clone_has_the_parameters_and_nothing_else(cls):
    X, y = plant()
    model = tiny(cls)
    expected = clone(model).fit(X, y).predict(X)
    fitted = clone(model.fit(X, y))
    assert not [name for name in vars(fitted) if name.endswith("_")]
    assert repr(fitted.get_params()) == repr(tiny(cls).get_params())
    np.testing.assert_array_equal(fitted.fit(X, y).predict(X), expected)
    unfitted = pickle.loads(pickle.dumps(tiny(cls)))
    np.testing.assert_array_equal(unfitted.fit(X, y).predict(X), expected)


@pytest.mark.parametrize(
    "params",
    [
        {"weighting": GradNorm(asymmetry=0.3)},
        {"weighting": FixedWeighting([1.0, 2.0])},
        {"loss": get_loss("combined", first="mae", second="mape")},
        {"loss": get_loss("adaptive_combined")},
    ],
    ids=lambda params: type(next(iter(params.values()))).__name__,
)
def test_rules_and_losses_travel_with_the_model(params):
    X, y = plant()
    model = tiny(**params).fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(twin).fit(X, y).predict(X), model.predict(X))


def test_a_file_holds_neither_data_nor_optimizer():
    sizes = {}
    for n_rows in (100, 5000):
        X, y = plant(n_rows, missing=0.0)
        X_val, y_val = plant(n_rows, seed=1)
        model = tiny(max_epochs=2, batch_size=5000)
        sizes[n_rows] = len(pickle.dumps(model.fit(X, y, X_val=X_val, y_val=y_val)))
    assert abs(sizes[5000] - sizes[100]) < 2000
    large = MMoERegressor(hidden_dim=512, max_epochs=1).fit(*plant())
    assert len(pickle.dumps(large)) < 1.2 * 4 * large.n_parameters_ + 20_000


def test_a_file_does_not_grow_with_the_number_of_steps():
    X, y = plant()
    sizes = [
        len(pickle.dumps(tiny(batch_size=size, weighting="gradnorm").fit(X, y)))
        for size in (100, 1)
    ]
    assert abs(sizes[1] - sizes[0]) < 2000


def test_another_process_predicts_the_same(tmp_path):
    X, y = plant()
    X[4, 1] = np.nan
    models = [make_pipeline(StandardScaler(), tiny(cls)).fit(X, y) for cls in NEURAL]
    joblib.dump((models, X), tmp_path / "models.joblib")
    script = (
        "import sys, joblib, numpy, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "models, X = joblib.load(sys.argv[1])\n"
        "numpy.save(sys.argv[2], [model.predict(X) for model in models])\n"
    )
    files = [tmp_path / "models.joblib", tmp_path / "predictions.npy"]
    subprocess.run([sys.executable, "-c", script, *map(str, files)], check=True)
    with pytest.warns(UserWarning, match="1 of 100"):
        expected = [model.predict(X) for model in models]
    np.testing.assert_array_equal(np.load(files[1]), expected)


@ALL
def test_fitted_attributes(cls):
    X, y = plant()
    model = tiny(cls).fit(X, y)
    assert model.n_outputs_ == 2
    assert model.n_features_in_ == 4
    assert model.n_iter_ == len(model.history_) == 4
    sizes = [p.numel() for p in model.net_.module_.parameters()]
    assert model.n_parameters_ == sum(sizes)
    expected = {"epoch", "seconds", "train_loss", "valid_loss", "learning_rate"}
    for name in ("train_loss", "valid_loss", "weight"):
        expected |= {f"{name}_y0", f"{name}_y1"}
    assert expected <= set(model.history_)
    assert model.history_["epoch"].tolist() == [1, 2, 3, 4]
    targets = model.history_[["train_loss_y0", "train_loss_y1"]].mean(axis=1)
    np.testing.assert_allclose(model.history_["train_loss"], targets)


def test_constructors_only_assign():
    weighting, params = GradNorm(), {"lr": 0.1}
    model = AttentionMMoERegressor(weighting=weighting, net_params=params)
    assert model.weighting is weighting
    assert model.net_params is params
    assert set(vars(model)) == set(model.get_params(deep=False))


def test_predictions_are_those_of_the_trained_network():
    """In double precision on weights trained in single precision."""
    X, y = plant()
    for cls in (MMoERegressor, MultiTaskRegressor):
        model = tiny(cls).fit(X, y)
        with torch.no_grad():
            outputs = model.net_.module_.eval()(torch.tensor(X, dtype=torch.float32)).numpy()
        by_hand = outputs * model.scaling_.scale + model.scaling_.mean
        np.testing.assert_allclose(model.predict(X), by_hand, rtol=1e-5)
