"""Estimators that do in a search what estimators do in life."""

import os
import signal
import threading

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge


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
