"""Implicit ensembles in the estimators."""

import numpy as np
import pytest
import torch

from tests.estimators.neural import NEURAL, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


@ALL
def test_prediction_is_the_mean_and_the_spread_that_of_the_members(cls):
    X, y = plant()
    X[5, 0] = np.nan
    model = tiny(cls, ensemble_size=3).fit(X, y)
    with pytest.warns(UserWarning, match="1 of 100") as record:
        predictions, spread = model.predict(X, return_member_std=True)
    assert len(record) == 1
    with torch.no_grad():
        module = model.net_.module_.double().eval()
        members = module.members(torch.from_numpy(X)).numpy()
    members = members * model.scaling_.scale + model.scaling_.mean
    np.testing.assert_allclose(predictions, members.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(spread, members.std(axis=0), rtol=1e-6)
    assert np.isnan(spread[5]).all()
    assert (np.delete(spread, 5, axis=0) > 0).all()


def test_shapes_of_a_single_target():
    X, y = plant(n_targets=1)
    model = tiny(ensemble_size=2).fit(X, y[:, 0])
    predictions, spread = model.predict(X, return_member_std=True)
    assert predictions.shape == spread.shape == (100,)


@ALL
def test_one_member_has_no_spread(cls):
    X, y = plant()
    model = tiny(cls, ensemble_size=1).fit(X, y)
    with pytest.raises(ValueError, match=r"needs an ensemble. Found ensemble_size=1"):
        model.predict(X, return_member_std=True)


def test_the_spread_belongs_to_the_fitted_ensemble():
    """A parameter that was set after fit describes the next fit."""
    X, y = plant()
    ensemble = tiny(ensemble_size=2).fit(X, y).set_params(ensemble_size=1)
    assert ensemble.predict(X, return_member_std=True)[1].shape == (100, 2)
    single = tiny(ensemble_size=1).fit(X, y).set_params(ensemble_size=2)
    with pytest.raises(ValueError, match="needs an ensemble"):
        single.predict(X, return_member_std=True)


def test_the_spread_is_in_the_units_of_the_target():
    X, y = plant()
    model = tiny(ensemble_size=2)
    _, spread = model.fit(X, y).predict(X, return_member_std=True)
    _, larger = model.fit(X, 100 * y + 7).predict(X, return_member_std=True)
    np.testing.assert_allclose(larger, 100 * spread, rtol=1e-9)
