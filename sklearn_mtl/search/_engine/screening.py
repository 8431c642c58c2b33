"""Screening of offspring by a surrogate: the best by predicted gain of hypervolume is evaluated."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search._engine.surrogate import Features, ObjectiveModel
from sklearn_mtl.search._engine.variation import choose_mutations, crossed_rows, mutated_rows

# Candidates of one proposal, by how they come about
_N_RESET, _N_CROSSED, _N_BETWEEN, _N_JITTERED, _N_RANDOM = 48, 19, 10, 13, 6
_MOST_ROWS = 400  # the model follows at most so many evaluations, those nearest to the front
_NEWEST = 150  # of which so many because they are new
_REFIT = 20  # it is fitted anew when the evaluations have grown by one in so many
_RELEARN = 1.3  # and its shape is learnt anew when they have grown by this factor
_NEAR = 0.1  # in ranges of the front: rows so far behind it are followed half as exactly
_MARGIN = 0.1  # of the front's range, beyond which gains count only when they count widely
_CROSSOVER_ETA, _MUTATION_ETA = 15.0, 20.0
_TINY = 1e-300  # where an objective is constant
_OPTIMISM = 1.0
FEWEST_ROWS = 20  # for the first fit


class Screen:
    """Surrogates of all objectives, and what the front looks like to them.

    Objectives are scaled to the range of the front, and compressed beyond it: how bad a bad
    configuration is matters only by its order of magnitude.

    Parameters
    ----------
    encoding : Encoding
    n_objectives : int
    """

    def __init__(self, encoding: Encoding, n_objectives: int) -> None:
        self._encoding = encoding
        self._features = Features(encoding)
        self._models = [ObjectiveModel(self._features.variable) for _ in range(n_objectives)]
        self._n_fitted = self._n_learnt = 0

    def update(self, genomes: np.ndarray, values: np.ndarray) -> None:
        """Take notice of evaluations; the models follow when enough are new.

        Parameters
        ----------
        genomes : ndarray of shape (n, D)
            All evaluated rows.
        values : ndarray of shape (n, m)
            Their objectives, finite.
        """
        fitted, learnt = _milestones(len(values))
        if learnt != self._n_learnt:
            features, targets, trust = self._training_set(genomes[:learnt], values[:learnt])
            for model, column in zip(self._models, targets.T, strict=True):
                model.learn_shape(features, column, trust)
            self._n_learnt, self._n_fitted = learnt, 0
        if fitted != self._n_fitted:
            features, targets, trust = self._training_set(genomes[:fitted], values[:fitted])
            for model, column in zip(self._models, targets.T, strict=True):
                model.fit(features, column, trust)
            self._n_fitted = fitted
        on_front = non_dominated(values)
        on_front = on_front[np.lexsort(values[on_front].T[::-1])]
        self._front_genomes = genomes[on_front]
        self._front = self._scaled(values[on_front])
        self._worst = self._scaled(values.max(axis=0))

    def _training_set(
        self, genomes: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        on_front = non_dominated(values)
        front = values[on_front]
        self._low = front.min(axis=0)
        # A front that is narrow yet must not be the measure of everything.
        span = np.maximum(front.max(axis=0), np.median(values, axis=0)) - self._low
        self._span = np.where(span > 0, span, np.maximum(np.ptp(values, axis=0), _TINY))
        scaled = self._scaled(values)
        behind = np.max(scaled[:, None] - scaled[None, on_front], axis=2).min(axis=1)
        # The newest ones too: they are where the model was last mistaken.
        behind_or_new = np.where(np.arange(len(values)) < len(values) - _NEWEST, behind, -np.inf)
        rows = np.sort(np.argsort(behind_or_new, kind="stable")[:_MOST_ROWS])
        features = self._features(genomes[rows])
        trust = 1.0 / (1.0 + (np.maximum(behind[rows], 0.0) / _NEAR) ** 2)
        return features, scaled[rows], trust

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        scaled = (values - self._low) / self._span
        return np.where(scaled > 1, 1 + np.log(np.maximum(scaled, 1.0)), scaled)

    def predict(self, genomes: np.ndarray, optimism: float = 0.0) -> np.ndarray:
        """Predict the scaled objectives of rows.

        Parameters
        ----------
        genomes : ndarray of shape (n, D)
        optimism : float, default=0
            Standard deviations to subtract.

        Returns
        -------
        values : ndarray of shape (n, m)
        """
        features = self._features(genomes)
        return np.stack([model.predict(features, optimism) for model in self._models], axis=1)

    def ranked(self, running: np.ndarray, wide: bool, rng: np.random.Generator) -> np.ndarray:
        """Make candidates from the front, the most promising first.

        Parameters
        ----------
        running : ndarray of shape (k, D)
            Rows whose evaluation is not finished: their predictions stand for them.
        wide : bool
            Whether gains count as far as the worst evaluation, beyond the ends of the front. Only
            so a part of the front that was never found attracts the search.
        rng : numpy.random.Generator

        Returns
        -------
        genomes : ndarray of shape (n, D)
        """
        genomes = self._candidates(rng)
        predicted = self.predict(genomes, _OPTIMISM if wide else 0.0)
        front = self._front
        if len(running):
            front = np.concatenate([front, self.predict(running)])
            front = front[non_dominated(front)]
            front = front[np.lexsort(front.T[::-1])]
        margin = front.max(axis=0) + _MARGIN * np.ptp(front, axis=0)
        reference = np.maximum(margin, self._worst) if wide else margin
        gains = expected_gains(front, predicted, reference, rng)
        return genomes[np.lexsort((predicted.sum(axis=1), -gains))]

    def _candidates(self, rng: np.random.Generator) -> np.ndarray:
        front, encoding = self._front_genomes, self._encoding

        def members(n: int) -> np.ndarray:
            return rng.integers(len(front), size=n)

        return np.concatenate(
            [
                _reset_one(front[members(_N_RESET)], encoding, rng),
                _crossed(front[members(_N_CROSSED)], front[members(_N_CROSSED)], encoding, rng),
                _between(front, members(_N_BETWEEN), members(_N_BETWEEN), encoding, rng),
                _jittered(front[members(_N_JITTERED)], encoding, rng),
                encoding.random(_N_RANDOM, rng),
            ]
        )


def _milestones(n: int) -> tuple[int, int]:
    """Tell with how many of n rows the models are fitted, and with how many their shapes learnt.

    This hangs on n alone, so that a search that was stopped goes on as if it had not been.
    """
    fitted = learnt = min(n, FEWEST_ROWS)
    while (following := fitted + max(1, fitted // _REFIT)) <= n:
        fitted = following
        if fitted >= _RELEARN * learnt:
            learnt = fitted
    return fitted, learnt


def expected_gains(
    front: np.ndarray, points: np.ndarray, reference: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Tell by how much each point alone would improve a front.

    Parameters
    ----------
    front : ndarray of shape (n, m)
        Non-dominated points, sorted by the first objective.
    points : ndarray of shape (k, m)
    reference : ndarray of shape (m,)
    rng : numpy.random.Generator
        Draws the direction that counts for three objectives.

    Returns
    -------
    gains : ndarray of shape (k,)
        The gain of hypervolume for two objectives, the improvement for one. For three objectives
        the improvement by a Chebyshev distance with random weights, as in ParEGO: exact gains
        would cost more than they are worth here.
    """
    if front.shape[1] == 1:
        return np.maximum(0.0, front.min() - points[:, 0])
    if front.shape[1] == 2:
        left = np.concatenate([[-np.inf], front[:, 0]])
        right = np.minimum(np.concatenate([front[:, 0], reference[:1]]), reference[0])
        height = np.minimum(np.concatenate([reference[1:], front[:, 1]]), reference[1])
        width = np.maximum(0.0, right - np.maximum(left, points[:, :1]))
        return np.sum(width * np.maximum(0.0, height - points[:, 1:]), axis=1)
    weights = rng.dirichlet(np.ones(front.shape[1]))
    return np.max(weights * front, axis=1).min() - np.max(weights * points, axis=1)


def _reset_one(parents: np.ndarray, encoding: Encoding, rng: np.random.Generator) -> np.ndarray:
    """Draw one variable of each parent anew."""
    fresh = encoding.random(len(parents), rng)
    column = rng.integers(parents.shape[1], size=len(parents))
    return np.where(np.arange(parents.shape[1]) == column[:, None], fresh, parents)


def _crossed(
    first: np.ndarray, second: np.ndarray, encoding: Encoding, rng: np.random.Generator
) -> np.ndarray:
    """Cross pairs of parents and mutate one variable of a child on average."""
    child = crossed_rows(first, second, encoding.is_continuous, _CROSSOVER_ETA, rng)
    n, n_variables = child.shape
    mutated = choose_mutations(n, n_variables, 1 / n_variables, n_variables, rng)
    return mutated_rows(child, mutated, encoding.n_choices, _MUTATION_ETA, rng)


def _between(
    front: np.ndarray,
    parents: np.ndarray,
    start: np.ndarray,
    encoding: Encoding,
    rng: np.random.Generator,
) -> np.ndarray:
    """Move parents along differences of members that are near to each other on the front."""
    end = np.clip(start + rng.integers(-3, 4, size=len(start)), 0, len(front) - 1)
    step = rng.random((len(parents), 1)) * (front[start] - front[end])
    return np.where(
        encoding.is_continuous, np.clip(front[parents] + step, 0.0, 1.0), front[parents]
    )


def _jittered(parents: np.ndarray, encoding: Encoding, rng: np.random.Generator) -> np.ndarray:
    """Move some positions by small steps of very different lengths."""
    n, n_variables = parents.shape
    length = 10 ** rng.uniform(-3.0, -0.5, (n, 1))
    share = rng.choice([1.0, 2.0, 4.0], size=(n, 1)) / n_variables
    moved = (rng.random((n, n_variables)) < share) & encoding.is_continuous
    return np.where(
        moved, np.clip(parents + length * rng.normal(size=parents.shape), 0.0, 1.0), parents
    )
