"""PHMOEA as a sampler of Optuna: the state of the search lives in the trials of the study."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.samplers import BaseGASampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from sklearn_mtl.search._engine.phmoea import PHMOEA
from sklearn_mtl.search._space.space import Configuration, ConfigurationSpace
from sklearn_mtl.search._space.variables import Discrete
from sklearn_mtl.search._studies.replica import Replica

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

# System attribute of a trial: what it was sent to evaluate, known to others before its parameters
PROPOSAL = "PHMOEASampler:proposal"
# Uniform draws for a trial whose offspring were all known
_DRAWS = 50
_MOST_OBJECTIVES = 3
_ANY_SPACE = ConfigurationSpace([Discrete("any", [True, False])])


class PHMOEASampler(BaseGASampler):
    """PHMOEA behind Optuna: for ``study.optimize``, any storage and any number of processes.

    Parameters
    ----------
    space : ConfigurationSpace, default=None
        What is searched; the objective function asks for it by ``space.suggest(trial)``.
        Parameters that are not in it, or all if None, are drawn at random.
    population_size : int, default=20
        Number of complete trials in a generation, and of parents.
    n_generations : int, default=30
        Planned number of generations, which sets when the search goes from exploring to refining.
        Trials beyond them are of the last stage.
    mode : {"default", "paper"}, default="default"
        As in :class:`PHMOEA`.
    seed : int, default=None
        Two processes of a study may have the same one. None draws a seed.

    Raises
    ------
    ValueError
        If a setting is out of range, or, at the first trial, the study has more than 3 objectives.

    See Also
    --------
    PHMOEA : The same search without Optuna.

    Notes
    -----
    Nothing but the study is needed to go on with a search: a trial keeps the configuration that it
    was sent to evaluate and its generation, the study the parents of every generation, and archives
    and bins are made from these. A study that was stopped and goes on with a sampler of the same
    seed has the trials of one that was not stopped, and one process has those of
    ``PHMOEA.ask(1)`` and ``tell``.

    A trial counts for the generation in which it is completed, so that none is lost for the
    selection of parents where several processes work on a study.

    No configuration is proposed that a trial has been or is being evaluated for, also if it failed
    or was pruned. Processes name what they propose before they look whether another one named the
    same. Only when 50 offspring and 50 uniform draws are all known, in a space that is nearly used
    up, the trial is drawn at random and may repeat another.

    Trials that break a constraint (``trial.set_constraint``) rank behind all that do not, in the
    order of their summed violations. Objectives that are maximised are searched with their sign
    changed. Complete trials with an infinite objective, and all that are not complete, are no
    parents. Nor are trials that were added to the study with their values (``study.add_trial``).

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, sections 4.3 and 4.4.

    Examples
    --------
    >>> import optuna
    >>> from sklearn_mtl.search import PHMOEASampler
    >>> from sklearn_mtl.search.problems import HDTLZ2
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> problem = HDTLZ2()
    >>> study = optuna.create_study(
    ...     directions=["minimize", "minimize"],
    ...     sampler=PHMOEASampler(problem.space, population_size=10, n_generations=6, seed=0),
    ... )
    >>> study.optimize(lambda trial: problem.evaluate(problem.space.suggest(trial)), n_trials=60)
    >>> len({problem.space.key(problem.space.from_trial(trial)) for trial in study.trials})
    60
    """

    def __init__(
        self,
        space: ConfigurationSpace | None = None,
        *,
        population_size: int = 20,
        n_generations: int = 30,
        mode: str = "default",
        seed: int | None = None,
    ) -> None:
        super().__init__(population_size)
        self.space: ConfigurationSpace | None = None
        self.n_generations = n_generations
        self.mode = mode
        self.seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        self._random = RandomSampler(seed)
        self._distributions: dict[str, BaseDistribution] = {}
        self._replica: Replica | None = None
        self._lock = threading.RLock()
        # A wrong setting should show here, not in the first trial.
        PHMOEA(_ANY_SPACE, population_size, n_generations, mode)
        if space is not None:
            self.adopt(space)

    def adopt(self, space: ConfigurationSpace) -> None:
        """Search this space, if the sampler was made without one.

        Parameters
        ----------
        space : ConfigurationSpace

        Raises
        ------
        ValueError
            If the sampler has another one, or the space has no variables.
        """
        if self.space is None:
            self.space, self._distributions = space, space.distributions()
            self._engine(n_objectives=1)  # refuses an empty space
        elif self.space.variables != space.variables:
            raise ValueError(
                "The PHMOEASampler was made for another space than is searched: "
                f"{self.space!r} instead of {space!r}, or with other ranges. Make it without "
                "`space`: it is given the one that is searched."
            )

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to this process; it is made again from the study."""
        return {**vars(self), "_replica": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.RLock()

    def reseed_rng(self) -> None:
        """Reseed the random draws. Offspring derive from the number of the trial anyway."""
        self._random.reseed_rng()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Give all parameters of the space.

        Parameters
        ----------
        study : optuna.Study
        trial : optuna.trial.FrozenTrial

        Returns
        -------
        search_space : dict of str to optuna distribution
        """
        return self._distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose a configuration: values of its active parameters.

        Parameters
        ----------
        study : optuna.Study
        trial : optuna.trial.FrozenTrial
        search_space : dict of str to optuna distribution

        Returns
        -------
        params : dict
            As the storage keeps them.
        """
        if self.space is None:
            return {}
        # The retry of a killed trial inherits what the killed one was sent to evaluate.
        params = trial.system_attrs.get(PROPOSAL)
        if params is None:
            with self._lock:
                params = self._propose(self.space, study, trial)
        return {name: value for name, value in params.items() if name in search_space}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a parameter that the space does not know.

        Parameters
        ----------
        study : optuna.Study
        trial : optuna.trial.FrozenTrial
        param_name : str
        param_distribution : optuna distribution

        Returns
        -------
        value : object
        """
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Count a trial for the generation in which it is completed.

        Parameters
        ----------
        study : optuna.Study
        trial : optuna.trial.FrozenTrial
        state : optuna.trial.TrialState
        values : sequence of float or None
        """
        if self.space is not None and state == TrialState.COMPLETE:
            self.get_trial_generation(study, trial)

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        """Select the parents of a generation; for `get_parent_population`, which stores them.

        Parameters
        ----------
        study : optuna.Study
        generation : int
            The one after the last whose parents are stored.

        Returns
        -------
        parents : list of optuna.trial.FrozenTrial
        """
        with self._lock:
            return self._replica_of(study).survivors(generation - 1)

    def _propose(
        self, space: ConfigurationSpace, study: Study, trial: FrozenTrial
    ) -> dict[str, Any]:
        """Name a configuration that nobody else has named, and give it as parameters."""
        replica, running = self._look(space, study, trial)
        while True:
            config = replica.engine.propose(trial.number, running.values())
            if config is None:
                config = self._draw(space, replica, running, trial.number)
            if config is None:
                return space.to_trial(
                    space.sample(np.random.default_rng((self.seed, trial.number)))
                )
            params = space.to_trial(config)
            study._storage.set_trial_system_attr(trial._trial_id, PROPOSAL, params)
            # Of two processes that name the same at once, at least one sees the other here.
            replica, running = self._look(space, study, trial)
            if space.key(config) not in running and not replica.is_known(config):
                return params

    def _draw(
        self,
        space: ConfigurationSpace,
        replica: Replica,
        running: Mapping[str, Configuration],
        number: int,
    ) -> Configuration | None:
        rng = np.random.default_rng((self.seed, number))
        draws = (space.sample(rng) for _ in range(_DRAWS))
        for config in draws:
            if space.key(config) not in running and not replica.is_known(config):
                return config
        return None

    def _look(
        self, space: ConfigurationSpace, study: Study, trial: FrozenTrial
    ) -> tuple[Replica, dict[str, Configuration]]:
        """Read what is new in the study: finished trials, and what others are at, by its key."""
        assert self.population_size is not None
        replica = self._replica_of(study)
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        unfinished = replica.read(trials, self._get_generation_key())
        claims = (_claim(space, other) for other in unfinished if other.number != trial.number)
        running = {space.key(config): config for config in claims if config is not None}
        parents = self._stored_parents(study)
        if replica.parent_ids != parents(replica.engine.generation):
            # Another process selected at the same time, from more or fewer trials, and counts.
            self._replica = None
            return self._look(space, study, trial)
        while True:
            following = replica.engine.generation + 1
            parent_ids = parents(following)
            if parent_ids is None:
                if replica.size < self.population_size:
                    return replica, running
                self.get_parent_population(study, following)
                parents = self._stored_parents(study)
            elif replica.has(parent_ids):
                replica.advance(parent_ids)
            else:  # one was completed after the trials were read
                return self._look(space, study, trial)

    def _stored_parents(self, study: Study) -> Callable[[int], list[int] | None]:
        """Read the parents of all generations, each in the order of their selection."""
        stored = study._storage.get_study_system_attrs(study._study_id)
        prefix = self._get_parent_cache_key_prefix()
        return lambda generation: stored.get(f"{prefix}{generation}")

    def _replica_of(self, study: Study) -> Replica:
        if self._replica is None or not self._replica.is_of(study):
            n_objectives = len(study.directions)
            if n_objectives > _MOST_OBJECTIVES:
                raise ValueError(
                    f"The study has {n_objectives} objectives, but PHMOEASampler takes 1 to "
                    f"{_MOST_OBJECTIVES}. Take a sampler for many, as optuna's NSGAIIISampler."
                )
            self._replica = Replica(self._engine(n_objectives), study)
        return self._replica

    def _engine(self, n_objectives: int) -> PHMOEA:
        assert self.space is not None and self.population_size is not None
        return PHMOEA(
            self.space,
            self.population_size,
            self.n_generations,
            self.mode,
            self.seed,
            n_objectives=n_objectives,
        )


def _claim(space: ConfigurationSpace, trial: FrozenTrial) -> Configuration | None:
    """Give the configuration that an unfinished trial is at; None if it is not known yet."""
    fixed = trial.system_attrs.get("fixed_params", {})  # of `study.enqueue_trial`
    params = {**trial.system_attrs.get(PROPOSAL, {}), **fixed, **trial.params}
    known = [name for name in space.names if name in params]
    try:
        return space.check({name: space[name].from_storage(params[name]) for name in known})
    except ValueError:
        return None
