"""The constants of PHMOEA, for its two modes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PHMOEASettings:
    """Constants of PHMOEA. The defaults are those of the paper (appendix B.6).

    To switch one off or change it, use `dataclasses.replace` on an entry of `MODES`.

    Parameters
    ----------
    stages : tuple of (float, float), default=(0.3, 0.6)
        Shares of the generations after which the early and the middle stage end, kappa_1 and
        kappa_2. The paper takes (0.2, 0.4) on synthetic problems.
    shares : tuple of three (float, float), default=((0.8, 0.1), (0.6, 0.2), (0.5, 0.3))
        Shares of offspring from parents and of offspring put together from hot candidates, in each
        stage. The rest is put together from the other candidates.
    objective_weight : float, default=0.5
        Weight w of the first objective in eq. 8. The paper takes 0.7 on its real task.
    n_bins : int, default=6
        Bins of a continuous variable at the start.
    crowded_share : float or None, default=None
        A bin with a larger share of the front is refined, delta_h. None is one over the size of the
        population: the paper leaves it open, and the number of bins limits that of different
        points on the front.
    persistence : int, default=2
        For how many generations in a row a bin must be crowded, H. The paper leaves it open.
    crossover_probability, crossover_eta : float, default=0.8, 15
        Simulated binary crossover.
    mutation_eta : float, default=20
        Polynomial mutation, of every variable with probability 1 / D.
    most_mutations : int, default=6
        Variables that one mutation changes at most.
    hot_share, cold_share : float, default=0.3, 0.2
        Shares q and p of the candidates of a variable that are hot or cold.
    cold_factor : float, default=0.15
        How likely a cold candidate is beside a normal one, o. The paper calls it a bonus; as
        printed it is a penalty.
    cross_pool_probability : float, default=0.1
        With which an assembled offspring takes a candidate of the opposite pool, e.
    attempts : int, default=50
        To find an offspring that was not evaluated before.
    rewards_good_objectives : bool, default=False
        Eq. 8 as printed adds normalised objectives, which are 0 for the best. True adds one less
        them.
    keeps_real_values : bool, default=False
        Whether a value stays where it is in its bin, not in the middle.
    selects_by_contribution : bool, default=False
        Whether the front that does not fit into the population is thinned by hypervolume and gaps,
        not by crowding distance.
    differential_share : float, default=0
        Share of the parents' offspring that moves along the difference of two neighbours on the
        front.
    screened_evaluations : int, default=0
        As long as there are fewer evaluations, a surrogate chooses among many offspring.
    unscreened_share : float, default=0
        Share of proposals, while there is a surrogate, that it does not choose.
    wide_shares : tuple of (float, float), default=(0, 0)
        Share of proposals for which gains beyond the ends of the front count in full, so that parts
        of it that lie apart are found: in the first tenth of the screened evaluations, and later.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sklearn_mtl.search import MODES
    >>> replace(MODES["default"], screened_evaluations=0).keeps_real_values
    True
    """

    stages: tuple[float, float] = (0.3, 0.6)
    shares: tuple[tuple[float, float], ...] = ((0.8, 0.1), (0.6, 0.2), (0.5, 0.3))
    objective_weight: float = 0.5
    n_bins: int = 6
    crowded_share: float | None = None
    persistence: int = 2
    crossover_probability: float = 0.8
    crossover_eta: float = 15.0
    mutation_eta: float = 20.0
    most_mutations: int = 6
    hot_share: float = 0.3
    cold_share: float = 0.2
    cold_factor: float = 0.15
    cross_pool_probability: float = 0.1
    attempts: int = 50
    rewards_good_objectives: bool = False
    keeps_real_values: bool = False
    selects_by_contribution: bool = False
    differential_share: float = 0.0
    screened_evaluations: int = 0
    unscreened_share: float = 0.0
    wide_shares: tuple[float, float] = (0.0, 0.0)

    def stage(self, progress: float) -> int:
        """Give the stage, 0 to 2, at a share of the generations."""
        return sum(progress >= end for end in self.stages)


MODES = {
    "paper": PHMOEASettings(),
    "default": PHMOEASettings(
        shares=((0.9, 0.1), (0.95, 0.05), (1.0, 0.0)),
        rewards_good_objectives=True,
        keeps_real_values=True,
        selects_by_contribution=True,
        differential_share=0.3,
        screened_evaluations=1500,
        unscreened_share=0.05,
        wide_shares=(0.5, 0.1),
    ),
}
