"""MultiTaskRegressor with networks of the user."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.extension import check_architecture
from sklearn_mtl.nn import ARCHITECTURES, Towers
from tests.estimators.neural import plant


class Perceptron(nn.Module):
    """The plainest network there is."""

    def __init__(self, n_features, n_targets, width=16):
        super().__init__()
        self.body = nn.Linear(n_features, width)
        self.head = nn.Linear(width, n_targets)

    def forward(self, x):
        return self.head(torch.tanh(self.body(x)))


class WithTowers(nn.Module):
    """Offers what implicit ensembles need."""

    def __init__(self, n_features, n_targets):
        super().__init__()
        self.n_targets = n_targets
        self.body = nn.Linear(n_features, 16)
        self.towers = Towers(n_targets, 16)

    def encode(self, x):
        return torch.tanh(self.body(x)).expand(self.n_targets, -1, -1)

    def decode(self, features):
        return self.towers(features)

    def forward(self, x):
        return self.decode(self.encode(x))


class InPlace(Perceptron):
    """Begins by writing to its input."""

    def forward(self, x):
        return super().forward(x.mul_(2.0))


class Batchwise(Perceptron):
    """Breaks the contract: a row's output depends on the others."""

    def forward(self, x):
        return super().forward(x - x.mean(dim=0))


class Disconnected(Perceptron):
    """Breaks the contract: a parameter that nothing reaches."""

    def __init__(self, n_features, n_targets):
        super().__init__(n_features, n_targets)
        self.idle = nn.Linear(2, 2)


class Transposed(Perceptron):
    """Breaks the contract: one output for all targets."""

    def forward(self, x):
        return super().forward(x).mean(dim=1)


class Undeclared(WithTowers):
    """Breaks the contract: declares every tower as that of the first target."""

    def task_slices(self):
        slices = {}
        for name, parameter in self.named_parameters():
            own = torch.ones(len(parameter), self.n_targets, dtype=torch.bool)
            if name.startswith("towers."):
                own[:, 1:] = False
            slices[name] = own
        return slices


class CrossedTowers(WithTowers):
    """Breaks the contract: a tower reads the features of another target."""

    def decode(self, features):
        return self.towers(features.flip(0))


def model(architecture, **params):
    return MultiTaskRegressor(
        architecture=architecture,
        **{"ensemble_size": 1, "max_epochs": 4, "random_state": 0, **params},
    )


@pytest.mark.parametrize("weighting", ["equal", "gradnorm"])
@pytest.mark.parametrize("architecture", [Perceptron, WithTowers, *ARCHITECTURES.values()])
def test_a_class_trains_like_a_named_architecture(architecture, weighting):
    X, y = plant()
    fitted = model(architecture, weighting=weighting, max_epochs=20).fit(X, y)
    losses = fitted.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0]
    twin = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(twin.predict(X), fitted.predict(X))
    assert type(fitted.net_.module_) is architecture


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_name_and_its_class_are_the_same(name):
    X, y = plant()
    by_name, by_class = model(name), model(ARCHITECTURES[name])
    np.testing.assert_array_equal(by_name.fit(X, y).predict(X), by_class.fit(X, y).predict(X))


def test_parameters_of_the_architecture():
    X, y = plant()
    fitted = model(Perceptron, architecture_params={"width": 3}).fit(X, y)
    assert fitted.n_parameters_ == (4 + 1) * 3 + (3 + 1) * 2
    with pytest.raises(TypeError, match="depth"):
        model(Perceptron, architecture_params={"depth": 3}).fit(X, y)


def test_an_ensemble_of_a_users_network():
    X, y = plant()
    fitted = model(WithTowers, ensemble_size=3, weighting="gradnorm").fit(X, y)
    assert fitted.predict(X, return_member_std=True)[1].shape == (100, 2)
    with pytest.raises(ValueError, match="Perceptron lacks one of them; use ensemble_size=1"):
        model(Perceptron, ensemble_size=3).fit(X, y)


def test_a_network_that_writes_to_its_input_does_not_change_the_callers_data():
    X, y = plant()
    before = X.copy()
    fitted = model(InPlace).fit(X, y)
    first = fitted.predict(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(fitted.predict(X), first)


def test_not_a_module_class():
    for architecture in (dict, nn.Linear(4, 2)):
        with pytest.raises((ValueError, TypeError), match="architecture"):
            model(architecture).fit(*plant())


@pytest.mark.parametrize("architecture", [Perceptron, WithTowers, *ARCHITECTURES.values()])
def test_check_architecture_passes(architecture):
    check_architecture(architecture)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Batchwise, "must not depend on the other rows"),
        (Disconnected, r"no loss reaches the parameter\(s\) \['idle"),
        (Transposed, "forward must map"),
        (Undeclared, "task_slices"),
        (CrossedTowers, "decode must read target"),
    ],
)
def test_check_architecture_finds_a_broken_contract(architecture, message):
    with pytest.raises(AssertionError, match=message):
        check_architecture(architecture)
