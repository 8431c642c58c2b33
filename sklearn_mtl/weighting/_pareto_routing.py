"""Pareto objective routing: the weights whose gradient of the shared parameters is the shortest."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.weighting._base import TaskGradients, TaskWeighting
from sklearn_mtl.weighting._min_norm import SOLVERS, min_norm_weights
from sklearn_mtl.weighting._weight_average import WeightAverage

GRADIENTS = ("exact", "representation")
NORMALIZATIONS = (None, "l2", "loss", "loss+")
# Up to this share of an equal weight above its smallest one, a target counts as left out of the
# step. Frank-Wolfe comes near zero only.
COLLAPSED = 1e-3


def routing_weights(
    gramian: np.ndarray,
    losses: np.ndarray | None = None,
    *,
    solver: str = "exact",
    normalize: str | None = None,
    min_weight: float = 0.0,
) -> tuple[np.ndarray, bool]:
    """Weights of K targets from the inner products of their gradients.

    Parameters
    ----------
    gramian : ndarray of shape (K, K)
        Inner products of the targets' gradients.
    losses : ndarray of shape (K,) or None, default=None
        Losses of the targets; only normalisation by them needs them.
    solver : {"exact", "frank-wolfe"}, default="exact"
        Solver of the quadratic programme.
    normalize : {None, "l2", "loss", "loss+"}, default=None
        By what a gradient is divided beforehand: its norm, its loss, or both.
    min_weight : float, default=0.0
        Smallest weight of a target, at most 1 / K.

    Returns
    -------
    weights : ndarray of shape (K,)
        Weights that sum to one.
    collapsed : bool
        Whether some target has no more than the smallest weight.
    """
    n_targets = len(gramian)
    if normalize is not None:
        scale = np.ones(n_targets)
        if normalize in ("l2", "loss+"):
            scale *= _inverse(np.sqrt(gramian.diagonal()))
        if normalize in ("loss", "loss+"):
            assert losses is not None
            scale *= _inverse(losses)
        gramian = gramian * scale * scale[:, None]
    if min_weight:
        # w = m + (1 - K m) u with u on the simplex: the same problem with shifted gradients
        mixing = np.full((n_targets, n_targets), min_weight)
        mixing += (1 - n_targets * min_weight) * np.eye(n_targets)
        gramian = mixing @ gramian @ mixing
    weights = min_norm_weights(gramian, solver=solver).weights
    collapsed = bool(weights.min() < COLLAPSED / n_targets)
    if min_weight:
        weights = min_weight + (1 - n_targets * min_weight) * weights
    return weights, collapsed


def _inverse(values: np.ndarray) -> np.ndarray:
    """Reciprocals; one for zero, which leaves a gradient of zero as it is."""
    return 1 / np.where(values > 0, values, 1.0)


class ParetoObjectiveRouting(TaskWeighting):
    """Pareto objective routing (POR) of TMoE-P: Algorithm 1, eqs 7 to 13.

    In every step weights w of the targets are found that minimise ``||sum_k w_k g_k||^2`` over the
    simplex, where g_k is the gradient of the loss of target k by the shared parameters. The shared
    parameters are updated by the combination of the gradients with these weights, averaged over
    the steps before; the parameters of one target alone are updated by their own gradient, without
    a weight (eq. 13). Without averaging (``smoothing=0``, the paper), the combination lowers the
    losses of all targets in the batch, or is zero at a Pareto-stationary point.

    Parameters
    ----------
    gradients : {"exact", "representation"}, default="exact"
        Gradients the weights are computed from: by the shared parameters, which takes one
        backward pass per target and memory for one gradient per target, or by the shared
        representation, all targets in one pass. The second bounds the first (MGDA-UB) and gives
        other weights; the update itself is that of eq. 13. Take it for more than about 20 targets.
    solver : {"exact", "frank-wolfe"}, default="exact"
        Solver of the quadratic programme; the paper uses Frank-Wolfe.
    normalize : {None, "l2", "loss", "loss+"}, default=None
        By what the gradients are divided before solving: nothing (the paper), their norm, the
        loss, or both. ``"l2"`` gives equal weights whenever there are two targets.
    every : int, default=1
        Number of steps that use the same weights before they are computed anew.
    min_weight : float, default=0.0
        Smallest weight of a target, at most one over the number of targets; the best weights
        under that condition are used. 0 lets a target drop out of a step.
    smoothing : float, default=0.5
        Share of the earlier weights in the moving average that is used, in [0, 1); 0 uses the
        weights of the step alone, as the paper does.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,)
        Weights of the current step. They sum to one; a target without a label in the batch has 0.

    Raises
    ------
    ValueError
        When training begins, if a parameter is out of its range, or the network does not offer
        what ``gradients="representation"`` needs.

    See Also
    --------
    min_norm_weights : The quadratic programme by itself.

    Notes
    -----
    Shared are the parameters, or slices of stacked parameters, that two or more targets reach. In a
    network with several blocks these include the targets' experts of all blocks but the last,
    which the shared gate mixes for all.

    The shortest combination leans towards the target with the *smaller* gradient: for orthogonal
    gradients w_1 / w_2 is the squared length of g_2 over that of g_1. A step in which a target
    gets its smallest possible weight, before averaging, is called collapsed; the share of collapsed
    steps is recorded in ``history_`` as ``collapsed_share``. `smoothing` and `min_weight` keep all
    targets in play and are departures from the paper, as are `every` and
    ``gradients="representation"``.

    The weights of a single batch are noise to a large part. On eight tasks, as published was worse
    than equal weights on average, and smoothing was the option that mended most; no rule was ahead
    of equal weights beyond the intervals (``sklearn-mtl benchmark por``).

    ``gradients="representation"`` takes what the towers see, ``encode(x)``, as every target's view
    of one shared representation; for a mixture of experts the views differ by the gates, which the
    weights then do not see.

    Targets without a label in a batch are left out of its problem. If nothing is shared or all
    gradients are zero, the weights are equal.

    References
    ----------
    .. [1] L. Pan et al., "TMoE-P: towards the Pareto optimum for multivariate soft sensors", 2023.
    .. [2] O. Sener, V. Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.datasets import make_sintering
    >>> from sklearn_mtl.weighting import ParetoObjectiveRouting
    >>> X, y = make_sintering(200, random_state=0, return_X_y=True)
    >>> rule = ParetoObjectiveRouting(smoothing=0.9)
    >>> model = MMoERegressor(weighting=rule, max_epochs=2, random_state=0).fit(X, y)
    >>> weights = model.history_.filter(like="weight_")
    >>> bool((weights.sum(axis=1).round(6) == 1).all())
    True

    Parameters of the rule are searched over like others, if it is passed as an object:

    >>> from sklearn.model_selection import GridSearchCV
    >>> search = GridSearchCV(model, {"weighting__smoothing": [0.0, 0.9]})
    """

    updates_separately: ClassVar[bool] = True

    def __init__(
        self,
        gradients: str = "exact",
        solver: str = "exact",
        normalize: str | None = None,
        every: int = 1,
        min_weight: float = 0.0,
        smoothing: float = 0.5,
    ) -> None:
        self.gradients = gradients
        self.solver = solver
        self.normalize = normalize
        self.every = every
        self.min_weight = min_weight
        self.smoothing = smoothing

    @property
    def reads_representation(self) -> bool:  # type: ignore[override]
        """Whether the weights come from gradients of the shared representation."""
        return self.gradients == "representation"

    def initialize(self) -> ParetoObjectiveRouting:
        """Check the parameters and forget an earlier training."""
        super().initialize()
        for name, allowed in [
            ("gradients", GRADIENTS),
            ("solver", SOLVERS),
            ("normalize", NORMALIZATIONS),
        ]:
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"`{name}` must be one of {list(allowed)}. Found {value!r}.")
        every: Any = self.every
        if not isinstance(every, Integral) or every < 1:
            raise ValueError(f"`every` must be an int of at least 1. Found {every!r}.")
        smoothing: Any = self.smoothing
        if not isinstance(smoothing, Real) or not 0 <= float(smoothing) < 1:
            raise ValueError(f"`smoothing` must be in [0, 1). Found {smoothing!r}.")
        min_weight: Any = self.min_weight
        if not isinstance(min_weight, Real) or not 0 <= float(min_weight) <= 1:
            raise ValueError(f"`min_weight` must be in [0, 1]. Found {min_weight!r}.")
        self._average: WeightAverage | None = None
        self._proposal: tuple[WeightAverage, bool | None] | None = None
        self._steps_since_solved: int | None = None
        self._n_solved = 0
        self._n_collapsed = 0
        return self

    def on_task_losses(
        self,
        net: Any,
        *,
        losses: Tensor,
        observed: Tensor | None,
        gradients: TaskGradients,
        **kwargs: Any,
    ) -> None:
        """Weigh the targets of this step."""
        n_targets = len(losses)
        if self.min_weight * n_targets > 1:
            raise ValueError(
                f"`min_weight` must be at most 1 / {n_targets} for {n_targets} targets. "
                f"Found {self.min_weight!r}."
            )
        average = self._average or WeightAverage.empty(n_targets)
        seen = None if observed is None else observed.cpu().numpy()
        n_seen = n_targets if seen is None else int(seen.sum())
        is_due = self._steps_since_solved is None or self._steps_since_solved >= self.every
        collapsed = None
        if is_due and n_seen > 1:
            solved, collapsed = self._solve(losses, gradients, seen)
            average = average.updated(solved, seen, self.smoothing)
        self._proposal = average, collapsed
        weights = average.weights(seen, self.min_weight)
        self.weights_ = torch.as_tensor(weights, dtype=losses.dtype, device=losses.device)

    def _solve(
        self, losses: Tensor, gradients: TaskGradients, seen: np.ndarray | None
    ) -> tuple[np.ndarray, bool]:
        if self.reads_representation:
            jacobian = gradients.of_shared_representation()
        else:
            jacobian = gradients.of_shared_parameters()
        gramian = (jacobian @ jacobian.T).cpu().numpy().astype(float)
        of_losses = (
            None if self.normalize in (None, "l2") else losses.detach().cpu().numpy().astype(float)
        )
        if seen is not None:
            gramian = gramian[np.ix_(seen, seen)]
            of_losses = None if of_losses is None else of_losses[seen]
        if not math.isfinite(gramian.sum()):
            gramian = np.zeros_like(gramian)  # the net itself reports that training diverged
        return routing_weights(
            gramian,
            of_losses,
            solver=self.solver,
            normalize=self.normalize,
            min_weight=self.min_weight,
        )

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Take over the moving average, once per optimizer step."""
        if not training or self._proposal is None:
            return
        self._average, collapsed = self._proposal
        self._proposal = None
        if collapsed is not None:
            self._steps_since_solved = 0
            self._n_solved += 1
            self._n_collapsed += collapsed
        if self._steps_since_solved is not None:
            self._steps_since_solved += 1

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Put the share of collapsed steps on record."""
        net.history.record("collapsed_share", self._n_collapsed / max(self._n_solved, 1))
        self._n_solved = self._n_collapsed = 0
