"""Screening of offspring by a surrogate: the best by predicted gain of hypervolume is evaluated."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.search._engine.candidates import make_candidates
from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.evaluations import Evaluations
from sklearn_mtl.search._engine.gains import expected_gains
from sklearn_mtl.search._engine.ranking import distances_behind, non_dominated
from sklearn_mtl.search._engine.surrogate import Features, ObjectiveModel

_BLOCK = 5  # candidates are made anew when so many evaluations have come
_LOOKED_AT = 0.4  # share of the candidates that one proposal chooses among
_MOST_ROWS = 400  # the model follows at most so many evaluations, those nearest to the front
_NEWEST = 150  # of which so many because they are new
_REFIT = 20  # it is fitted anew when the evaluations have grown by one in so many
_RELEARN = 1.5  # and its shape is learnt anew when they have grown by this factor
_NEAR = 0.1  # in ranges of the front: rows so far behind it are followed half as exactly
_MARGIN = 0.1  # of the front's range, beyond which gains count only when they count widely
_TINY = 1e-300  # where an objective is constant
_OPTIMISM = 1.0  # standard deviations that a prediction is bettered by when gains count widely
FEWEST_ROWS = 20  # for the first fit


class Screen:
    """Surrogates of all objectives, and candidates for the next evaluations.

    Objectives are scaled to the range of the front, and compressed beyond it: how bad a bad
    configuration is matters only by its order of magnitude.

    Candidates are made of the front for a few evaluations at a time. A proposal looks at a part of
    them, drawn at random, so that processes that ask at the same time rarely name the same one.

    Parameters
    ----------
    encoding : Encoding
    n_objectives : int
    seed : int, default=0

    Notes
    -----
    All that is kept follows from the number of evaluations and those up to it, so that a search
    that was stopped goes on as if it had not been.
    """

    def __init__(self, encoding: Encoding, n_objectives: int, seed: int = 0) -> None:
        self._encoding = encoding
        self._seed = seed
        self._features = Features(encoding)
        self._models = [ObjectiveModel(self._features.variable) for _ in range(n_objectives)]
        self._n_fitted = self._n_learnt = self._n_made = 0

    def ranked(
        self,
        known: Evaluations,
        running: np.ndarray,
        wide: bool,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Give candidates for the next evaluation, the most promising first.

        Parameters
        ----------
        known : Evaluations
            Those that did not fail, at least `FEWEST_ROWS`.
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
        block = min(_BLOCK, 1 + len(known) // 60)
        n_made = len(known) // block * block
        if n_made != self._n_made:
            self._follow(known, n_made)
            self._make_candidates(*known.first(n_made))
            self._n_made = n_made
        _, values = known.first(len(known))
        newest = np.arange(n_made, len(values))
        front = self._scaled(values[np.concatenate([self._on_front, newest])])
        if len(running):
            front = np.concatenate([front, self.predict(running)])
        front = front[non_dominated(front)]
        front = front[np.lexsort(front.T[::-1])]
        reference = front.max(axis=0) + _MARGIN * np.ptp(front, axis=0)
        if wide:
            reference = np.maximum(reference, self._scaled(values.max(axis=0)))
        looked_at = rng.random(len(self._candidates)) < _LOOKED_AT
        predicted = np.stack(
            [
                prediction.mean - (_OPTIMISM * prediction.deviation if wide else 0.0)
                for prediction in self._predictions
            ],
            axis=1,
        )[looked_at]
        gains = expected_gains(front, predicted, reference, rng)
        order = np.lexsort((predicted.sum(axis=1), -gains))
        return self._candidates[looked_at][order]

    def _follow(self, known: Evaluations, n: int) -> None:
        """Let the models follow the first n evaluations when enough of them are new."""
        fitted, learnt = _milestones(n)
        if learnt != self._n_learnt:
            features, targets, trust = self._training_set(*known.first(learnt))
            for model, column in zip(self._models, targets.T, strict=True):
                model.learn_shape(features, column, trust)
            self._n_learnt, self._n_fitted = learnt, 0
        if fitted != self._n_fitted:
            features, targets, trust = self._training_set(*known.first(fitted))
            for model, column in zip(self._models, targets.T, strict=True):
                model.fit(features, column, trust)
            self._n_fitted = fitted

    def _training_set(
        self, genomes: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        front = values[non_dominated(values)]
        self._low = front.min(axis=0)
        # A front that is narrow yet must not be the measure of everything.
        span = np.maximum(front.max(axis=0), np.median(values, axis=0)) - self._low
        self._span = np.where(span > 0, span, np.maximum(np.ptp(values, axis=0), _TINY))
        scaled = self._scaled(values)
        behind = distances_behind(scaled, self._scaled(front))
        # The newest ones too: they are where the model was last mistaken.
        behind_or_new = np.where(np.arange(len(values)) < len(values) - _NEWEST, behind, -np.inf)
        rows = np.sort(np.argsort(behind_or_new, kind="stable")[:_MOST_ROWS])
        features = self._features(genomes[rows])
        trust = 1.0 / (1.0 + (np.maximum(behind[rows], 0.0) / _NEAR) ** 2)
        return features, scaled[rows], trust

    def _make_candidates(self, genomes: np.ndarray, values: np.ndarray) -> None:
        on_front = non_dominated(values)
        self._on_front = on_front[np.lexsort(values[on_front].T[::-1])]
        # The last number tells this stream from others.
        rng = np.random.default_rng((self._seed, len(values), 0, 1))
        self._candidates = make_candidates(genomes[self._on_front], self._encoding, rng)
        features = self._features(self._candidates)
        self._predictions = [model.predict(features) for model in self._models]

    def predict(self, genomes: np.ndarray) -> np.ndarray:
        """Predict the scaled objectives of rows.

        Parameters
        ----------
        genomes : ndarray of shape (n, D)

        Returns
        -------
        values : ndarray of shape (n, m)
        """
        features = self._features(genomes)
        return np.stack([model.predict(features).mean for model in self._models], axis=1)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        scaled = (values - self._low) / self._span
        return np.where(scaled > 1, 1 + np.log(np.maximum(scaled, 1.0)), scaled)


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
