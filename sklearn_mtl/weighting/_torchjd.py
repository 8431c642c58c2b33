"""Aggregators of the torchjd package as weighting rules."""

from __future__ import annotations

import copy
import inspect
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from sklearn_mtl._optional import import_optional
from sklearn_mtl.weighting._base import TaskGradients, TaskWeighting

if TYPE_CHECKING:
    from torchjd import Stateful
    from torchjd.aggregation import Aggregator


def aggregate(aggregator: Aggregator, jacobian: Tensor) -> tuple[Tensor, Tensor]:
    """Combine the gradients of K targets into one, and find the weights if there are any.

    Parameters
    ----------
    aggregator : torchjd.aggregation.Aggregator
        Rule of combination; a stateful one advances.
    jacobian : Tensor of shape (K, n)
        One finite gradient per row.

    Returns
    -------
    gradient : Tensor of shape (n,)
        The combined gradient.
    weights : Tensor of shape (K,)
        Weights of the rows; NaN if the aggregator gives a direction only.

    Raises
    ------
    ValueError
        If the combined gradient is not finite.
    """
    weights = torch.full_like(jacobian[:, 0], torch.nan)
    listening: Any = nullcontext()
    if isinstance(aggregator, _aggregation().WeightedAggregator):
        # Aggregation computes the weights itself: overhear them instead of solving twice.
        listening = aggregator.weighting.register_forward_hook(
            lambda module, inputs, output: weights.copy_(output)
        )
    with torch.no_grad(), listening:
        gradient = aggregator(jacobian)
    if not gradient.isfinite().all():
        raise ValueError(
            f"{type(aggregator).__name__} gave a gradient that is not finite, from gradients of "
            f"the targets with the norms {jacobian.norm(dim=1).tolist()}. Take another aggregator."
        )
    return gradient, weights


def for_targets(aggregator: Aggregator, chosen: Tensor, like: Tensor) -> Aggregator:
    """Copy an aggregator for a part of the targets.

    What it was given per target (preferences, weights, leaks, the number of targets) is reduced
    to that part.

    Parameters
    ----------
    aggregator : torchjd.aggregation.Aggregator
        Aggregator of all targets.
    chosen : bool Tensor of shape (K,)
        The part, of which there is at least one target.
    like : Tensor
        Gives device and dtype.

    Returns
    -------
    aggregator : torchjd.aggregation.Aggregator
        Copy for the gradients of the chosen targets, in their order.

    Raises
    ------
    ValueError
        If the aggregator was not made for K targets, or if it favours the first target, which is
        not chosen.
    """
    aggregation = _aggregation()
    reduced: Any = copy.deepcopy(aggregator)

    def part(values: Tensor) -> Tensor:
        _check_made_for(aggregator, len(values), len(chosen))
        return values.to(like)[chosen]

    for module in reduced.modules():
        # Preferences too are held by modules of this class.
        if isinstance(module, aggregation.ConstantWeighting):
            module.weights = part(module.weights)
    if isinstance(reduced, aggregation.GradDrop) and reduced.leak is not None:
        reduced.leak = part(reduced.leak)
    if isinstance(reduced, aggregation.NashMTL):
        _check_made_for(aggregator, reduced.n_tasks, len(chosen))
        reduced.n_tasks = int(chosen.sum())
        reduced.reset()
    if isinstance(reduced, aggregation.PCD) and not chosen[0]:
        raise ValueError(
            "PCD follows the gradient of the first target, which has no label in this batch. "
            "Raise `batch_size` until every batch holds one, or take another aggregator."
        )
    return reduced


class TorchJDAggregation(TaskWeighting):
    """Combine the targets' gradients on the shared parameters by an aggregator of torchjd.

    The parameters that belong to one target get that target's own gradient. Needs the extra
    ``torchjd``.

    Parameters
    ----------
    aggregator : str or torchjd.aggregation.Aggregator, default="UPGrad"
        The aggregator, such as ``GradVac(beta=0.2)``, or the name of a class that
        needs no arguments, such as ``"PCGrad"``. An object is copied and reset before it is used.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,)
        Weights of the targets' gradients in the shared gradient: 0 for a target without a label
        in the batch, NaN for the others if the aggregator gives a direction and no weights.
    shared_gradient_ : Tensor of shape (n_shared,)
        Gradient of the shared parameters.

    Raises
    ------
    ImportError
        At the start of training, if torchjd, or what this aggregator needs besides, is absent.
    ValueError
        At the start of training, if `aggregator` is neither; in training, if it cannot
        aggregate the gradients of the targets that have a label in a batch.

    Notes
    -----
    The shared gradient is taken as it is, without a division by the number of targets: with
    ``"Mean"`` shared parameters get the gradient of equal weights, with ``"Sum"`` K times as much.

    Targets without a label in a batch are left out: the aggregator gets the gradients of the
    others, and of what it was given per target (preferences, weights, leaks) the part that belongs
    to them. A stateful aggregator (``torchjd.Stateful``) keeps one state for every set of targets
    that had labels together, so that its rows always mean the same targets. Aggregators that need
    several gradients (``Krum``, ``TrimmedMean``, ``NashMTL``) or the first target (``PCD``) raise
    on a batch without them.

    Where no gradient differs from zero, or nothing is shared, there is nothing to aggregate: the
    shared gradient is zero, the labelled targets are recorded with the weight 1, and the state of
    the aggregator rests.

    The extra brings what ``UPGrad`` and ``DualProj`` need. ``CAGrad`` and ``NashMTL`` solve convex
    programmes with packages that torchjd installs by extras of its own
    (``pip install "torchjd[cagrad,nash-mtl]"``).

    ``UPGrad``, ``DualProj`` and ``CAGrad`` take gradients for zero whose squared norms sum to less
    than their ``norm_eps`` of 1e-4: the first two then give the mean, the last one gives zero.

    References
    ----------
    .. [1] P. Quinton, V. Rey, "Jacobian descent for multi-objective optimization",
       arXiv:2406.16232, 2024.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.weighting import TorchJDAggregation
    >>> model = MMoERegressor(weighting=TorchJDAggregation("PCGrad"))
    """

    updates_separately: ClassVar[bool] = True

    def __init__(self, aggregator: str | Aggregator = "UPGrad") -> None:
        self.aggregator = aggregator

    def initialize(self) -> TorchJDAggregation:
        """Build the aggregator, or copy it without what it learnt earlier."""
        super().initialize()
        aggregator: Any = _resolve(self.aggregator)
        for part in _stateful_parts(aggregator):
            part.reset()
        self._aggregator: Aggregator = aggregator
        self._is_stateful = bool(_stateful_parts(aggregator))
        # By the targets that are labelled: the rows of a stateful one always mean the same targets.
        self._by_targets: dict[tuple[bool, ...], Aggregator] = {}
        self._advanced: tuple[tuple[bool, ...], Aggregator] | None = None
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
        """Aggregate the gradients of the labelled targets."""
        seen = torch.ones_like(losses, dtype=torch.bool) if observed is None else observed
        jacobian = gradients.of_shared_parameters()[seen]
        self._advanced = None
        if not jacobian.any() or not jacobian.isfinite().all():
            # The sum is zero, or not finite; then the net reports that training diverged.
            self.shared_gradient_ = jacobian.sum(dim=0)
            self.weights_ = seen.to(losses.dtype)
            return
        key = tuple(seen.tolist())
        aggregator = self._by_targets.get(key)
        if aggregator is None:
            aggregator = for_targets(self._aggregator, seen, like=jacobian)
        if self._is_stateful:
            aggregator = copy.deepcopy(aggregator)
            self._advanced = (key, aggregator)
        elif seen.all():
            self._by_targets[key] = aggregator  # the usual case; others are made anew
        try:
            self.shared_gradient_, weights = aggregate(aggregator, jacobian)
        except ValueError as error:
            if seen.all():
                raise
            raise ValueError(
                f"{type(aggregator).__name__} failed on the gradients of the {len(jacobian)} of "
                f"{len(seen)} targets that have a label in this batch: {error} Raise `batch_size` "
                "until every batch holds labels of all targets, or take another aggregator."
            ) from error
        self.weights_ = weights.new_zeros(len(seen)).masked_scatter(seen, weights)

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Take over the aggregator's state, once per optimizer step."""
        if training and self._advanced is not None:
            key, aggregator = self._advanced
            self._by_targets[key] = aggregator
            self._advanced = None


def _aggregation() -> Any:
    return import_optional("torchjd.aggregation", extra="torchjd")


def _resolve(aggregator: str | Aggregator) -> Aggregator:
    """Build a named aggregator, or copy an object."""
    aggregation = _aggregation()
    if isinstance(aggregator, aggregation.Aggregator):
        return copy.deepcopy(aggregator)
    names = [name for name in aggregation.__all__ if _needs_no_arguments(aggregation, name)]
    if not isinstance(aggregator, str) or aggregator not in names:
        raise ValueError(
            "`aggregator` must be an object of torchjd.aggregation.Aggregator, such as "
            f"GradVac(beta=0.2), or one of the names {names}. Found {aggregator!r}."
        )
    return getattr(aggregation, aggregator)()


def _needs_no_arguments(aggregation: Any, name: str) -> bool:
    member = getattr(aggregation, name)
    return (
        issubclass(member, aggregation.Aggregator)
        and not inspect.isabstract(member)
        and all(p.default is not p.empty for p in inspect.signature(member).parameters.values())
    )


def _stateful_parts(aggregator: Aggregator) -> list[Stateful]:
    stateful = import_optional("torchjd", extra="torchjd").Stateful
    return [module for module in aggregator.modules() if isinstance(module, stateful)]


def _check_made_for(aggregator: Aggregator, n_found: int, n_targets: int) -> None:
    if n_found != n_targets:
        raise ValueError(
            f"{type(aggregator).__name__} was made for {n_found} targets, but there are "
            f"{n_targets}: make it with one value per target."
        )
