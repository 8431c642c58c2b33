"""The seed decides everything, and the caller's random numbers stay where they were."""

import pickle
import random

import numpy as np
import pytest
import torch

from tests.estimators.neural import NEURAL, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


def global_states():
    numpy_state = pickle.dumps(np.random.get_state())  # noqa: NPY002
    return torch.get_rng_state().tolist(), numpy_state, random.getstate()


@ALL
def test_the_same_seed_gives_the_same_model_whatever_happened_before(cls):
    X, y = plant()
    model = tiny(cls, validation_strategy="random", random_state=3)
    expected = model.fit(X, y).predict(X)
    torch.manual_seed(99)
    torch.randn(7)
    again = model.fit(X, y)
    np.testing.assert_array_equal(again.predict(X), expected)
    twin = tiny(cls, validation_strategy="random", random_state=3).fit(X, y)
    assert twin.history_.drop(columns="seconds").equals(again.history_.drop(columns="seconds"))
    other = model.set_params(random_state=4).fit(X, y)
    assert not np.array_equal(other.predict(X), expected)


@ALL
@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict"])
def test_global_random_states_are_left_alone(cls, method):
    X, y = plant()
    model = tiny(cls, validation_strategy="random").fit(X, y)
    before = global_states()
    model.predict(X) if method == "predict" else getattr(model, method)(X, y)
    assert global_states() == before


def test_global_random_states_are_left_alone_when_training_fails():
    X, y = plant()
    model = tiny(optimizer="sgd", learning_rate=1e9, max_epochs=20, scheduler=None)
    before = global_states()
    with pytest.raises(ValueError, match="diverged"):
        model.fit(X, y)
    assert global_states() == before


def test_a_random_state_instance_moves_on():
    """As in scikit-learn: two fits with one instance are two draws."""
    X, y = plant()
    model = tiny(random_state=np.random.RandomState(0))
    first, second = model.fit(X, y).predict(X), model.fit(X, y).predict(X)
    assert not np.array_equal(first, second)
    model.set_params(random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(model.fit(X, y).predict(X), first)
