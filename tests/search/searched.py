"""What the tests search: estimators as in life, data, spaces, and searches of them."""

import os
import signal
import threading

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Lasso, Ridge

from sklearn_mtl.search import (
    MODES,
    PHMOEA,
    ConfigurationSpace,
    Continuous,
    Discrete,
    ParetoSearchCV,
)
from sklearn_mtl.search._engine.encoding import Encoding


class Noisy(RegressorMixin, BaseEstimator):
    """Predict the mean and random noise of its own seed; its size is `width`."""

    def __init__(self, width=1, shift=0.0, random_state=None):
        self.width = width
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        rng = np.random.default_rng(self.random_state)
        y = np.asarray(y, dtype=float)
        self.mean_ = np.average(y, axis=0, weights=sample_weight) + self.shift + rng.normal()
        self.n_parameters_ = self.width
        self.n_features_in_ = np.shape(X)[1]
        self.n_rows_ = len(X)
        return self

    def predict(self, X):
        return np.full((len(X), *np.shape(self.mean_)), self.mean_)


class Counted(Noisy):
    """Count trainings, in whatever thread."""

    trained = []  # noqa: RUF012
    lock = threading.Lock()

    def fit(self, X, y, sample_weight=None):
        with self.lock:
            self.trained.append((self.width, self.shift))
        return super().fit(X, y, sample_weight)


class Fragile(Noisy):
    """Fail for some settings."""

    def fit(self, X, y, sample_weight=None):
        if self.width == 2:
            raise ArithmeticError("width 2 breaks")
        if self.width == 3:
            self.shift = np.nan
        return super().fit(X, y, sample_weight)


class Killed(Noisy):
    """End its own process for one setting, as a system short of memory does."""

    def fit(self, X, y, sample_weight=None):
        if self.width == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y, sample_weight)


class Interrupted(Noisy):
    """Get Ctrl-C in a training, and take it for the end of the training only, as skorch does."""

    interrupts_at = 0

    def fit(self, X, y, sample_weight=None):
        type(self).interrupts_at -= 1
        try:
            if self.interrupts_at == 0:
                signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            pass
        return super().fit(X, y, sample_weight)


class WeightedRidge(Ridge):
    """Remember the weights it was fitted with."""

    def fit(self, X, y, sample_weight=None):
        self.weights_ = sample_weight
        return super().fit(X, y, sample_weight)


def line(n_rows=60):
    """Rows with one useful input."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 3))
    return X, X[:, 0] + 0.1 * rng.normal(size=n_rows)


# --- searches by cross-validation

X, Y = line()
WEIGHTS = np.linspace(0.1, 2.0, len(Y))
ALPHA = ConfigurationSpace([Continuous("alpha", 1e-3, 1.0, log=True)])
WIDTHS = {"width": list(range(1, 9)), "shift": (0.0, 1.0)}


def lasso(n_trials=12, **params):
    params = {"sampler": "nsga2", "random_state": 0, **params}
    return ParetoSearchCV(Lasso(), ALPHA, n_trials=n_trials, **params)


def noisy(cls=Noisy, space=WIDTHS, n_trials=12, **params):
    params = {"sampler": "random", "random_state": 0, **params}
    return ParetoSearchCV(cls(), space, n_trials=n_trials, **params)


def search_of(estimator=None, space=None, **params):
    params = {"sampler": "random", "n_trials": 8, "random_state": 0, **params}
    return ParetoSearchCV(estimator or Lasso(), space or {"alpha": (1e-3, 0.5)}, **params)


# --- searches by ask and tell

BOTH = pytest.mark.parametrize("mode", list(MODES))
SPACE = ConfigurationSpace(
    [
        Discrete("system", ["net", "trees", "line"]),
        Continuous("width", 1.0, 1000.0, log=True, when={"system": ["net"]}),
        Discrete("depth", [1, 2, 3, 5, 8], {"system": ["net", "trees"]}),
        Discrete("norm", [True, False]),
        Continuous("norm_share", 0.0, 0.5, when={"norm": [True]}),
        Continuous("ridge", 1e-6, 1e2, log=True),
    ]
)


def objectives_of(space, n_objectives=2):
    """Objectives that conflict and hang on all active variables."""
    encoding = Encoding(space)
    largest = np.where(encoding.is_continuous, 1, np.maximum(encoding.n_choices - 1, 1))

    def objectives(config):
        x = encoding.encode(config) / largest
        x = np.where(np.isnan(x), 0.4, x)
        return [x.mean(), ((1 - x) ** 2).mean(), np.abs(x - 0.5).mean()][:n_objectives]

    return objectives


def advance(search, n, lot=None, objectives=None):
    """Evaluate so many configurations, or more to fill a generation, and give them."""
    objectives = objectives or objectives_of(search.space, search.n_objectives)
    asked = []
    while len(asked) < n:
        left = n - len(asked)
        configs = search.ask(None if lot is None else min(lot, left))
        if not configs:
            break
        search.tell(configs, [objectives(config) for config in configs])
        asked += configs
    return asked


def rebuilt(search, **settings):
    """A fresh search that was told all at once what this one found."""
    other = PHMOEA(
        search.space,
        search.population_size,
        mode=search.mode,
        seed=search.seed,
        n_objectives=search.n_objectives,
        **settings,
    )
    other.tell(*search.evaluations())
    return other
