"""A cheap model of the objectives: a Gaussian process that is nearly additive in the variables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from sklearn_mtl.search._engine.encoding import Encoding

_HARMONICS = np.arange(1, 7)
_DECAY = _HARMONICS**-1.5 / np.sqrt(np.sum(_HARMONICS**-3.0))
_PRESENCE = 0.7  # of a variable that may be absent: about as much as its value matters
_NOISES = 10.0 ** np.arange(-7, 1)
# Weight of products of two variables, and weight and sharpness of the local correction: from a
# plain sum of effects to a surface that bends everywhere.
_SHAPES = ((0.1, 0.0, 1.0), (0.1, 0.02, 30.0), (1.0, 0.02, 30.0), (0.1, 0.2, 100.0))
_WEIGHT_STEPS = 6
_SMALLEST_WEIGHT = 1e-3
_ROWS_FOR_SHAPE = 150


class Features:
    """Numbers that describe a coded configuration to the model.

    Continuous variables and rising numbers enter by cosines of their position, other choices by an
    indicator each; whatever is inactive by zeros, with an indicator of being active.

    Parameters
    ----------
    encoding : Encoding

    Attributes
    ----------
    variable : int ndarray of shape (n_features,)
        Which variable a feature belongs to.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        n_variables = len(encoding.variables)
        positions = encoding.positions(np.zeros((1, n_variables)))[0]
        self._placed = np.flatnonzero(np.isfinite(positions))
        self._optional = np.flatnonzero(np.isfinite(positions) & encoding.is_conditional)
        self._listed = np.flatnonzero(np.isnan(positions))
        self._owner = np.repeat(self._listed, encoding.n_choices[self._listed])
        self._choice = np.concatenate(
            [np.arange(n) for n in encoding.n_choices[self._listed]] or [np.zeros(0)]
        )
        self.variable = np.concatenate(
            [np.repeat(self._placed, len(_HARMONICS)), self._optional, self._owner]
        )

    def __call__(self, genomes: np.ndarray) -> np.ndarray:
        """Describe rows.

        Parameters
        ----------
        genomes : ndarray of shape (n, D)

        Returns
        -------
        features : ndarray of shape (n, n_features)
        """
        active = self._encoding.active(genomes)
        positions = self._encoding.positions(genomes)[:, self._placed, None]
        waves = np.cos(np.pi * positions * _HARMONICS) * (_DECAY * active[:, self._placed, None])
        features = np.concatenate(
            [
                waves.reshape(len(genomes), -1),
                np.where(active[:, self._optional], _PRESENCE, -_PRESENCE),
                active[:, self._owner] & (genomes[:, self._owner] == self._choice),
            ],
            axis=1,
        )
        return features / np.sqrt(genomes.shape[1])


def kernel(first: np.ndarray, second: np.ndarray, shape: tuple[float, float, float]) -> np.ndarray:
    """Covariance of two sets of rows: a sum over variables, products of two, a local part.

    Parameters
    ----------
    first, second : ndarray of shape (n, p), (k, p)
        Weighted features.
    shape : tuple of (float, float, float)
        Weight of the products, weight and sharpness of the local part.

    Returns
    -------
    covariance : ndarray of shape (n, k)
    """
    products, local, sharpness = shape
    sums = first @ second.T
    covariance = sums + products * sums**2
    if local:
        squares = np.sum(first**2, axis=1)[:, None] + np.sum(second**2, axis=1) - 2 * sums
        covariance += local * np.exp(-sharpness * np.maximum(squares, 0.0))
    return covariance


class ObjectiveModel:
    """The Gaussian process of one objective.

    The weight of every variable is set by MacKay's fixed point of the evidence, the kernel's shape
    and the noise by the error of leaving one row out.

    Parameters
    ----------
    variable : int ndarray of shape (p,)
        Which variable every feature belongs to.
    """

    def __init__(self, variable: np.ndarray) -> None:
        self._variable = variable
        self._weights = np.ones(len(variable))
        self._shape, self._noise = _SHAPES[0], 1e-3

    def learn_shape(self, features: np.ndarray, targets: np.ndarray, trust: np.ndarray) -> None:
        """Choose weights, shape and noise; costs some tens of `fit`.

        Parameters
        ----------
        features : ndarray of shape (n, p)
        targets : ndarray of shape (n,)
        trust : ndarray of shape (n,)
            How exactly a row is to be followed, 1 or less.
        """
        rows = slice(max(0, len(targets) - _ROWS_FOR_SHAPE), None)
        features, targets, trust = features[rows], targets[rows], trust[rows]
        targets = (targets - targets.mean()) / (targets.std() + 1e-12)
        self._weights = self._relevance(features, targets, trust)
        weighted, scale = features * self._weights, np.sqrt(trust)
        best = np.inf
        for shape in _SHAPES:
            covariance = kernel(weighted, weighted, shape) * scale[:, None] * scale
            eigenvalues, vectors = np.linalg.eigh(covariance)
            projected, squared = vectors.T @ (targets * scale), vectors**2
            for noise in _NOISES:
                inverse = 1.0 / (np.maximum(eigenvalues, 0.0) + noise)
                left_out = (vectors @ (projected * inverse)) / (squared @ inverse)
                error = np.mean(left_out**2)
                if error < best:
                    best, self._shape, self._noise = error, shape, noise

    def _relevance(
        self, features: np.ndarray, targets: np.ndarray, trust: np.ndarray
    ) -> np.ndarray:
        """Square roots of the variables' prior variances, one for every feature."""
        n_variables = int(self._variable.max()) + 1
        variances, noise = np.ones(n_variables), 1e-3
        for _ in range(_WEIGHT_STEPS):
            weighted = features * np.sqrt(variances)[self._variable]
            covariance = kernel(weighted, weighted, _SHAPES[0])
            covariance[np.diag_indices_from(covariance)] += noise / trust
            inverse = np.linalg.inv(covariance)
            dual = inverse @ targets
            explained = np.bincount(self._variable, (features.T @ dual) ** 2)
            expected = np.bincount(self._variable, np.sum(features * (inverse @ features), axis=0))
            variances *= np.sqrt(explained / np.maximum(expected, 1e-12))
            if not variances.any():  # a constant objective, of which no variable tells anything
                variances[:] = 1.0
            variances = np.maximum(variances, _SMALLEST_WEIGHT * variances.max())
            variances *= n_variables / variances.sum()
            noise = float(np.clip(noise * np.sqrt(dual @ dual / np.trace(inverse)), 1e-7, 1.0))
        return np.sqrt(variances)[self._variable]

    def fit(self, features: np.ndarray, targets: np.ndarray, trust: np.ndarray) -> None:
        """Condition on rows, with the shape learnt last.

        Parameters
        ----------
        features : ndarray of shape (n, p)
        targets : ndarray of shape (n,)
        trust : ndarray of shape (n,)
        """
        self._mean, self._scale = targets.mean(), targets.std() + 1e-12
        self._rows = features * self._weights
        covariance = kernel(self._rows, self._rows, self._shape)
        covariance[np.diag_indices_from(covariance)] += self._noise / trust
        standard = (targets - self._mean) / self._scale
        self._factor = cholesky(covariance, lower=True, overwrite_a=True)
        self._dual = cho_solve((self._factor, True), standard)

    def predict(self, features: np.ndarray) -> Prediction:
        """Predict the objective of rows.

        Parameters
        ----------
        features : ndarray of shape (k, p)

        Returns
        -------
        prediction : Prediction
        """
        weighted = features * self._weights
        covariance = kernel(weighted, self._rows, self._shape)
        sums = np.sum(weighted**2, axis=1)
        products, local, _ = self._shape
        return Prediction(
            mean=covariance @ self._dual * self._scale + self._mean,
            prior=sums + products * sums**2 + local,
            covariance=covariance,
            factor=self._factor,
            scale=self._scale,
        )


@dataclass(frozen=True)
class Prediction:
    """What a model expects of k rows.

    Parameters
    ----------
    mean : ndarray of shape (k,)
    prior : ndarray of shape (k,)
        Variances before there were any observations.
    covariance : ndarray of shape (k, n)
        With the observed rows.
    factor : ndarray of shape (n, n)
        Lower Cholesky factor of the covariance of the observed rows.
    scale : float
        Of the objective.
    """

    mean: np.ndarray
    prior: np.ndarray
    covariance: np.ndarray
    factor: np.ndarray
    scale: float

    @cached_property
    def deviation(self) -> np.ndarray:
        """Standard deviations, shape (k,); they cost more than the mean."""
        explained = solve_triangular(self.factor, self.covariance.T, lower=True)
        variance = self.prior - np.sum(explained**2, axis=0)
        return np.sqrt(np.maximum(variance, 0.0)) * self.scale
