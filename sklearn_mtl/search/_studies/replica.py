"""A PHMOEA that follows an Optuna study: what this process has read of it so far."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sklearn_mtl.search._engine.phmoea import PHMOEA
from sklearn_mtl.search._space.space import Configuration


class Replica:
    """The engine in step with the trials of a study.

    Parameters
    ----------
    engine : PHMOEA
        Without any evaluations.
    study : optuna.Study

    Attributes
    ----------
    parent_ids : list of int or None
        Trials that the present generation descends from, in the order of their selection; None in
        the first generation.
    """

    def __init__(self, engine: PHMOEA, study: Study) -> None:
        self.engine = engine
        self.parent_ids: list[int] | None = None
        self._study = (study._storage, study._study_id)
        self._signs = np.array(
            [-1.0 if way == StudyDirection.MAXIMIZE else 1.0 for way in study.directions]
        )
        self._seen: set[int] = set()  # ids of finished trials
        self._n_settled = 0  # trials before the first unfinished one
        self._rows: dict[int, int] = {}  # in the engine's archive, by id
        self._trials: list[FrozenTrial] = []  # by row
        self._populations: defaultdict[int, list[int]] = defaultdict(list)  # rows by generation

    def is_of(self, study: Study) -> bool:
        """Tell whether this is the study that is followed."""
        storage, study_id = self._study
        return storage is study._storage and study_id == study._study_id

    def is_known(self, config: Configuration) -> bool:
        """Tell whether a finished trial had this configuration."""
        return self.engine.is_known(config)

    def has(self, trial_ids: Iterable[int]) -> bool:
        """Tell whether all these trials are in the archive."""
        return all(trial_id in self._rows for trial_id in trial_ids)

    @property
    def size(self) -> int:
        """Number of complete trials of the present generation."""
        return len(self._populations[self.engine.generation])

    def read(self, trials: Sequence[FrozenTrial], generation_key: str) -> list[FrozenTrial]:
        """Add what has been finished since the last time to the archive.

        Parameters
        ----------
        trials : sequence of optuna.trial.FrozenTrial
            All trials of the study, by number.
        generation_key : str
            System attribute with the generation that a trial counts for.

        Returns
        -------
        unfinished : list of optuna.trial.FrozenTrial
        """
        unfinished = []
        for trial in trials[self._n_settled :]:
            if trial._trial_id in self._seen:
                continue
            if trial.state.is_finished():
                self._record(trial, trial.system_attrs.get(generation_key))
            else:
                unfinished.append(trial)
        self._n_settled = unfinished[0].number if unfinished else len(trials)
        return unfinished

    def _record(self, trial: FrozenTrial, generation: int | None) -> None:
        self._seen.add(trial._trial_id)
        complete = trial.state == TrialState.COMPLETE
        try:
            config = self.engine.space.from_trial(trial)
        except ValueError as error:
            # Others may have failed before they were asked for their parameters.
            if complete:
                warnings.warn(
                    f"Trial {trial.number} is passed over, as it is not a configuration of the "
                    f"sampler's space: {error} Take the parameters by `space.suggest(trial)`.",
                    UserWarning,
                    stacklevel=2,
                )
            return
        values = np.full(len(self._signs), np.nan)
        if complete and np.isfinite(trial.values).all():
            values = self._signs * trial.values
        violation = sum(max(0.0, value) for value in trial.constraints.values())
        row = self.engine.record(config, values, violation)
        self._rows[trial._trial_id] = row
        self._trials.append(trial)
        if complete and generation is not None:
            self._populations[generation].append(row)

    def survivors(self, generation: int) -> list[FrozenTrial]:
        """Select among the trials of a generation and the present parents.

        Parameters
        ----------
        generation : int

        Returns
        -------
        parents : list of optuna.trial.FrozenTrial
            Empty if all objectives so far are infinite.
        """
        is_finite = np.isfinite(self.engine.values).all(axis=1)
        rows = [row for row in self._populations[generation] if is_finite[row]]
        if not rows and not self.engine.parents:
            return []
        return [self._trials[row] for row in self.engine.survivors(rows)]

    def advance(self, parent_ids: Sequence[int]) -> None:
        """Begin the next generation.

        Parameters
        ----------
        parent_ids : sequence of int
            Ids of the trials that it descends from, as stored with the study.
        """
        rows = [self._rows[trial_id] for trial_id in parent_ids]
        self.parent_ids = list(parent_ids)
        if rows:
            self.engine.advance(rows)
        else:
            self.engine.generation += 1
