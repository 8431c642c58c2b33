"""PHMOEA: the player-based hybrid multi-objective evolutionary algorithm, by ask and tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from sklearn_mtl.search._engine.archive import Rows
from sklearn_mtl.search._engine.breeding import Breeding
from sklearn_mtl.search._engine.early_stopping import stagnates
from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.environment import select_by_contribution, select_by_crowding
from sklearn_mtl.search._engine.evaluations import Evaluations, feasible_first
from sklearn_mtl.search._engine.front_choice import choose_front
from sklearn_mtl.search._engine.phmoea_settings import MODES, PHMOEASettings
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search._engine.screening import FEWEST_ROWS, Screen
from sklearn_mtl.search._space.space import Configuration, ConfigurationSpace


class _Proposal(NamedTuple):
    """A configuration with its row, NaN for what is inactive, and the key of that."""

    config: Configuration
    genome: np.ndarray
    key: bytes


class PHMOEA:
    """Search a hierarchical conditional space for a Pareto front, by ask and tell.

    Give it a space, `ask` for configurations, evaluate them wherever you like, and `tell` their
    objectives, which are minimised. Training is none of its business; `ParetoSearchCV` and
    `PHMOEASampler` bring both together.

    Parameters
    ----------
    space : ConfigurationSpace
    population_size : int, default=50
        Evaluations of a generation, N.
    n_generations : int, default=30
        Planned generations, T_max. The stages of the search are shares of them; nothing stops there
        by itself.
    mode : {"default", "paper"}, default="default"
        "paper" is the text of [1]_ to the letter. "default" keeps real values inside the chosen
        bin, thins the front by hypervolume and gaps, adds moves along the front and, up to 1,500
        evaluations, lets a surrogate choose among many offspring.
    seed : int, default=0
        Same seed, same search.
    n_objectives : {1, 2, 3}, default=2
    elitism : bool, default=True
        Whether parents compete with their offspring. False is an ablation.
    deduplicate : bool, default=True
        Whether no configuration is asked for twice. False is an ablation.
    settings : PHMOEASettings, default=None
        Constants in place of those of `mode`.

    Attributes
    ----------
    generation : int
        Number of the current generation, 0 for the random one.
    parents : list of int
        Parents of the current generation, as numbers in `evaluations`.
    n_asked : int
        Configurations asked for, or told without.
    n_duplicates : int
        Offspring thrown away because the same configuration had been proposed before: evaluations
        saved.

    Raises
    ------
    ValueError
        If `mode` is unknown, a size is no integer or below 1, the space is empty, or there are more
        than three objectives.

    See Also
    --------
    PHMOEASampler : The same search behind Optuna.
    ParetoSearchCV : The same search over estimators.

    Notes
    -----
    Algorithms 1 and 2 of [1]_, with eqs 8 and 9, appendix A.3 to A.8 and the constants of B.6. Each
    candidate value of each variable is a player, who earns heat from the members of the population
    that hold it. Offspring are varied parents, or put together from hot or from other players.

    Where the paper is open: a bin is crowded with more than 1 / N of the front in two generations,
    and is split in three, so that its old middle stays a middle; heat and count go with the parts.
    Crossover and mutation work on values, and exchange choices. An infinite crowding distance
    counts as the largest finite one. Offspring derive from seed, generation and number, so that it
    does not matter how many are asked for at a time (but for what the surrogate knows then). They
    are made together, for a generation at a time. Two points are kept as printed in "paper" though
    they act against their names: the cold bonus makes cold players rarer, and the score of eq. 8
    rewards bad objectives; the latter is reversed in "default".

    Both modes depart from section 4.3 in one point: an inactive variable takes the value it had in
    the newest of all evaluations in which it was active, not in its own line of descent, so that
    the whole state follows from the list of evaluations.

    The surrogate is our addition: a Gaussian process for each objective, a sum of effects of single
    variables with relevances learnt from the evaluations, plus weak interactions. After at most
    five evaluations it is given 240 new candidates, made of the front; a proposal looks at two
    fifths of them and takes the one with the largest predicted gain of hypervolume. Every twentieth
    proposal passes it by, and for half of the first 150 and a tenth of the others gains count
    beyond the ends of the front too, without which parts of a front that lie apart are lost.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, section 4.4 and appendix A.

    Examples
    --------
    >>> from sklearn_mtl.search import PHMOEA, ConfigurationSpace, Continuous, Discrete
    >>> space = ConfigurationSpace(
    ...     [Discrete("layers", [1, 2, 3]), Continuous("width", 1, 100, log=True)]
    ... )
    >>> search = PHMOEA(space, population_size=20, seed=0)
    >>> for _ in range(5):
    ...     configs = search.ask()
    ...     sizes = [c["layers"] * c["width"] for c in configs]
    ...     errors = [1 / (size + c["layers"]) for size, c in zip(sizes, configs)]
    ...     search.tell(configs, list(zip(errors, sizes)))
    >>> configs, values = search.select_front(5)
    >>> values.shape
    (5, 2)
    """

    def __init__(
        self,
        space: ConfigurationSpace,
        population_size: int = 50,
        n_generations: int = 30,
        mode: str = "default",
        seed: int = 0,
        *,
        n_objectives: int = 2,
        elitism: bool = True,
        deduplicate: bool = True,
        settings: PHMOEASettings | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode={mode!r} is none of {', '.join(MODES)}.")
        for name, value, least in [
            ("population_size", population_size, 1),
            ("n_generations", n_generations, 1),
            ("seed", seed, 0),
        ]:
            if not isinstance(value, Integral) or value < least:
                raise ValueError(f"`{name}` must be an integer, {least} or more. Got {value!r}.")
        if n_objectives not in (1, 2, 3):
            raise ValueError(f"`n_objectives` must be 1, 2 or 3. Got {n_objectives}.")
        if not space.variables:
            raise ValueError("The space has no variables: there is nothing to search.")
        self.space = space
        self.population_size = population_size
        self.n_generations = n_generations
        self.mode = mode
        self.seed = seed
        self.n_objectives = n_objectives
        self.elitism = elitism
        self.deduplicate = deduplicate
        self.settings = settings or MODES[mode]
        self.generation = 0
        self.n_asked = 0
        self.n_duplicates = 0
        self._encoding = Encoding(space)
        self._breeding = Breeding(self._encoding, self.settings)
        self._screen = Screen(self._encoding, n_objectives, seed)
        self._configs: list[Configuration] = []
        self._genomes = Rows(len(space.variables))
        self._values = Rows(n_objectives)
        self._violations = Rows(1)
        self._known: set[bytes] = set()
        self._pending: dict[bytes, np.ndarray] = {}
        self._blocks: dict[tuple[int, int], np.ndarray] = {}  # by generation and number of block
        # Rows of the archive: parents, and finished members of the current generation
        self.parents: list[int] = []
        self._members: list[int] = []
        self._n_skipped = 0
        self._history: list[np.ndarray] = []
        self._last_active = np.where(self._encoding.is_continuous, 0.5, 0.0)

    def ask(self, n: int | None = None) -> list[Configuration]:
        """Propose configurations to evaluate.

        Parameters
        ----------
        n : int, default=None
            How many; None asks for what is left of the generation.

        Returns
        -------
        configs : list of dict
            Fewer than asked for where no new configuration was found in the allowed attempts, and
            none at all when the space seems exhausted.
        """
        if n is None:
            left = self.population_size - len(self._members) - self._n_skipped - len(self._pending)
            n = max(1, left)
        configs = []
        for _ in range(n):
            # A search that was told what another one found goes on with its numbers.
            number = max(self.n_asked, len(self._configs))
            proposed = self._propose(number, self._pending)
            self.n_asked = number + 1
            if proposed is None:
                self._n_skipped += 1
                self._advance_if_complete()
            else:
                self._pending[proposed.key] = self._completed(proposed.genome)
                configs.append(proposed.config)
        return configs

    def tell(
        self, configs: Sequence[Mapping[str, Any]], values: Any, violations: Any = None
    ) -> None:
        """Report evaluations, asked for or not.

        Parameters
        ----------
        configs : sequence of dict
        values : array-like of shape (n, n_objectives)
            Objectives, minimised. A row with NaN or infinity is a failed evaluation: it is never
            proposed again and never on the front.
        violations : array-like of shape (n,), default=None
            By how much each configuration breaks its constraints, 0 or less if it keeps them. Those
            that break one are never on the front, and rank behind all others, by the violation.

        Raises
        ------
        ValueError
            If shapes do not agree or a configuration is not in the space. Nothing is told then.
        """
        table = np.asarray(values, dtype=float)
        if len(configs) == 0 and table.size == 0:
            table = table.reshape(0, self.n_objectives)
        if table.shape != (len(configs), self.n_objectives):
            raise ValueError(
                f"`values` must have shape ({len(configs)}, {self.n_objectives}): a row for every "
                f"configuration, a column for every objective. Got {table.shape}."
            )
        broken = np.zeros(len(configs)) if violations is None else np.asarray(violations, float)
        if broken.shape != (len(configs),) or np.isnan(broken).any():
            raise ValueError(
                f"`violations` must be {len(configs)} numbers, one for every configuration, and "
                f"none of them NaN. Got {violations!r}."
            )
        checked = [self.space.check(config) for config in configs]
        for config, row, violation in zip(checked, table, broken, strict=True):
            self.record(config, row, violation)
            self._advance_if_complete()

    def _advance_if_complete(self) -> None:
        is_complete = len(self._members) + self._n_skipped >= self.population_size
        if is_complete and (self._members or self.parents):
            self.advance(self.survivors(self._members))

    def propose(
        self, number: int, running: Iterable[Mapping[str, Any]] = ()
    ) -> Configuration | None:
        """Propose one configuration, without taking note of it.

        Parameters
        ----------
        number : int
            Number of the proposal in the search. The same number in the same state gives the same
            configuration.
        running : iterable of dict, default=()
            Configurations that are being evaluated; none of them is proposed.

        Returns
        -------
        config : dict or None
            None if all attempts gave configurations that are known or running.
        """
        genomes = [self._encoding.encode(self.space.check(config)) for config in running]
        started = {_key(genome): self._completed(genome) for genome in genomes}
        proposed = self._propose(number, started)
        return None if proposed is None else proposed.config

    def _completed(self, genome: np.ndarray) -> np.ndarray:
        """Give inactive variables their last values."""
        return np.where(np.isnan(genome), self._last_active, genome)

    def _propose(self, number: int, running: Mapping[bytes, np.ndarray]) -> _Proposal | None:
        for candidate in self._candidates(number, running):
            config = self._encoding.decode(candidate)
            genome = self._encoding.encode(config)  # as it will be read back, rounded
            key = _key(genome)
            if not self.deduplicate or (key not in self._known and key not in running):
                return _Proposal(config, genome, key)
            self.n_duplicates += 1
        return None

    def _candidates(self, number: int, running: Mapping[bytes, np.ndarray]) -> Iterator[np.ndarray]:
        if self._is_screened:
            rng = np.random.default_rng((self.seed, self.generation, number))
            if rng.random() >= self.settings.unscreened_share:
                yield from self._screened(running, rng)
        block, slot = divmod(number, self.population_size)
        yield self._offspring(block)[slot]
        # The last number tells this stream from that of the screen.
        rng = np.random.default_rng((self.seed, self.generation, number, 3))
        source = self._source(slot)
        for _ in range(self.settings.attempts - 1):
            yield self._breeding.offspring(source, 1, rng)[0]

    def _offspring(self, block: int) -> np.ndarray:
        """Make the offspring of a generation together, for a block of numbers; kept till it ends.

        They derive from seed, generation and block, so that it does not matter who asks for which.
        """
        if (self.generation, block) not in self._blocks:
            # The last number tells this stream from others.
            rng = np.random.default_rng((self.seed, self.generation, block, 2))
            sources = [self._source(slot) for slot in range(self.population_size)]
            self._blocks[self.generation, block] = np.concatenate(
                [
                    self._breeding.offspring(source, len(list(slots)), rng)
                    for source, slots in groupby(sources)
                ]
            )
        return self._blocks[self.generation, block]

    @property
    def _is_screened(self) -> bool:
        return FEWEST_ROWS <= len(self._configs) < self.settings.screened_evaluations

    def _screened(
        self, running: Mapping[bytes, np.ndarray], rng: np.random.Generator
    ) -> np.ndarray:
        known = Evaluations(self._genomes.values, self.values, self.violations).finished()
        if len(known) < FEWEST_ROWS:
            return known.genomes[:0]
        started = np.array(list(running.values())).reshape(-1, known.genomes.shape[1])
        is_early = len(known) < self.settings.screened_evaluations / 10
        wide_share = self.settings.wide_shares[0 if is_early else 1]
        return self._screen.ranked(known, started, rng.random() < wide_share, rng)

    def _source(self, slot: int) -> str:
        stage = self.settings.stage(self.generation / self.n_generations)
        from_parents, from_hot = self.settings.shares[stage]
        n_parents = int(from_parents * self.population_size)
        if slot < n_parents:
            return "parents"
        return "hot" if slot < n_parents + int(from_hot * self.population_size) else "not hot"

    def is_known(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a configuration, in canonical form, has been evaluated."""
        return _key(self._encoding.encode(config)) in self._known

    def record(self, config: Mapping[str, Any], values: np.ndarray, violation: float = 0.0) -> int:
        """Add one evaluation to the archive and, if it did not fail, to the current generation.

        Parameters
        ----------
        config : dict
            In canonical form, as `ConfigurationSpace.check` gives it.
        values : ndarray of shape (n_objectives,)
        violation : float, default=0.0
            Of its constraints.

        Returns
        -------
        row : int
            Its number in `evaluations`.
        """
        genome = self._encoding.encode(config)
        self._last_active = self._completed(genome)
        key = _key(genome)
        self._pending.pop(key, None)
        self._known.add(key)
        row = len(self._configs)
        self._configs.append(dict(config))
        self._genomes.append(self._last_active)
        self._values.append(values)
        is_finite = bool(np.isfinite(values).all())
        self._violations.append(np.array([max(0.0, violation) if is_finite else 0.0]))
        if is_finite:
            self._members.append(row)
        return row

    @property
    def values(self) -> np.ndarray:
        """Objectives of all evaluations, in order; not to be written to."""
        return self._values.values

    @property
    def violations(self) -> np.ndarray:
        """By how much each evaluation breaks its constraints, 0 if it keeps them or failed."""
        return self._violations.values[:, 0]

    def survivors(self, offspring: Sequence[int]) -> list[int]:
        """Select the parents of the next generation among the present ones and their offspring.

        Parameters
        ----------
        offspring : sequence of int
            Numbers in `evaluations`, of evaluations that did not fail.

        Returns
        -------
        rows : list of int
            Numbers in `evaluations`.
        """
        # Where no offspring was new, parents are all there is.
        keeps_parents = self.elitism or not offspring
        rows = np.array([*(self.parents if keeps_parents else []), *offspring])
        select = (
            select_by_contribution if self.settings.selects_by_contribution else select_by_crowding
        )
        return list(rows[select(self._comparable(rows), self.population_size)])

    def _comparable(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        return feasible_first(self.values[rows], self.violations[rows])

    def advance(self, parents: Sequence[int]) -> None:
        """Close the generation with the given parents for the next one.

        Parameters
        ----------
        parents : sequence of int
            Numbers in `evaluations`, as from `survivors`.
        """
        self.parents = list(parents)
        self._members, self._n_skipped = [], 0
        self._blocks.clear()
        self.generation += 1
        values = self._comparable(self.parents)
        self._history.append(values)
        progress = self.generation / self.n_generations
        self._breeding.advance(self._genomes.values[self.parents], values, progress)

    def has_converged(self, window: int = 8) -> bool:
        """Tell whether the search has stopped getting better (eqs 23 to 25).

        Parameters
        ----------
        window : int, default=8
            Generations over which improvement is looked for.

        Returns
        -------
        converged : bool
        """
        return stagnates(self._history, window)

    def population(self) -> tuple[list[Configuration], np.ndarray]:
        """Give the parents of the current generation, all that the paper's algorithm keeps.

        Returns
        -------
        configs : list of dict
        values : ndarray of shape (n, n_objectives)
        """
        return self._at(np.array(self.parents, dtype=int))

    def evaluations(self) -> tuple[list[Configuration], np.ndarray]:
        """Give everything told, in order.

        A new search of the same seed that is told this, with `violations` where there are
        constraints, goes on as this one.

        Returns
        -------
        configs : list of dict
        values : ndarray of shape (n, n_objectives)
        """
        return self._at(np.arange(len(self._configs)))

    def front(self) -> tuple[list[Configuration], np.ndarray]:
        """Give the non-dominated evaluations among those that keep all constraints.

        Returns
        -------
        configs : list of dict
        values : ndarray of shape (n, n_objectives)
        """
        rows = self._offered()
        return self._at(rows[non_dominated(self._values.values[rows])])

    def select_front(
        self, k: int, kind: str = "balanced"
    ) -> tuple[list[Configuration], np.ndarray]:
        """Choose k of the non-dominated evaluations.

        Parameters
        ----------
        k : int
        kind : {"spread", "hypervolume", "balanced"}, default="balanced"
            What the choice is best in: the mean distance of the front to the nearest chosen point,
            the hypervolume, or both.

        Returns
        -------
        configs : list of dict
        values : ndarray of shape (min(k, size of the front), n_objectives)
            By rising first objective.
        """
        rows = self._offered()
        return self._at(rows[choose_front(self._values.values[rows], k, kind)])

    def _offered(self) -> np.ndarray:
        finished = np.isfinite(self.values).all(axis=1)
        return np.flatnonzero(finished & (self.violations == 0))

    def _at(self, rows: np.ndarray) -> tuple[list[Configuration], np.ndarray]:
        return [dict(self._configs[row]) for row in rows], self._values.values[rows]


def _key(genome: np.ndarray) -> bytes:
    """Give the canonical form of a row with NaN for what is inactive (appendix A.6), rounded."""
    return (genome.round(12) + 0.0).tobytes()  # -0.0 is 0.0
