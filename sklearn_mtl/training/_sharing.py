"""Which parameters the targets share, and whose the others are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from sklearn_mtl.nn import Towers, task_slices


class Sharing:
    """The parameters of a network, divided into slices that are shared or one target's own.

    Slices are those of a parameter's first dimension; shared are those that two or more targets
    reach. With a single target all that it reaches counts as shared.

    Parameters
    ----------
    module : Module
        The network.
    losses : Tensor of shape (n_targets,)
        Losses of a step, with their graph.
    towers : Towers or None, default=None
        Output layers that follow the features. Their parameters are kept apart, because one
        backward pass gives the gradients of all targets.

    Attributes
    ----------
    parameters : list of Parameter
        Parameters that a loss reaches, without the towers': first those that are wholly shared,
        then those with some shared slices, then the others. Flat vectors follow this order.
    of_towers : list of Parameter
        Parameters of the towers; empty with a single target.
    n_shared_parameters : int
        Number of parameters with a shared slice.
    n_shared_values : int
        Number of their values, own slices included.
    """

    def __init__(self, module: nn.Module, losses: Tensor, towers: Towers | None = None) -> None:
        n_targets = len(losses)
        slices = task_slices(module, losses)
        set_apart = set()
        if towers is not None and n_targets > 1:
            set_apart = {id(parameter) for parameter in towers.parameters()}
        whole: list[nn.Parameter] = []
        mixed: list[nn.Parameter] = []
        owned: list[nn.Parameter] = []
        own_of_mixed = [losses.new_zeros(0)]
        self.of_towers: list[nn.Parameter] = []
        self._owners: list[tuple[nn.Parameter, Tensor]] = []  # of parameters with own slices
        for name, parameter in module.named_parameters():
            if name not in slices or not slices[name].any():
                continue
            if id(parameter) in set_apart:
                self.of_towers.append(parameter)
                continue
            counts = slices[name].sum(dim=1)
            shared = counts >= min(2, n_targets)
            if not shared.all():
                owners = torch.where(counts == 1, slices[name].int().argmax(dim=1), n_targets)
                self._owners.append((parameter, owners.to(parameter.device)))
            if shared.all():
                whole.append(parameter)
            elif shared.any():
                mixed.append(parameter)
                size = parameter.numel() // len(shared)
                own_of_mixed.append((~shared).repeat_interleave(size).to(losses))
            else:
                owned.append(parameter)
        self.parameters = whole + mixed + owned
        self.n_shared_parameters = len(whole) + len(mixed)
        self._sizes = [parameter.numel() for parameter in self.parameters]
        self._n_whole = sum(self._sizes[: len(whole)])
        self.n_shared_values = sum(self._sizes[: self.n_shared_parameters])
        # 1 for a target's own value among those of the parameters that are shared in part
        self._own_of_mixed = torch.cat(own_of_mixed)

    def flatten(self, gradients: Iterable[Sequence[Tensor | None]], n_rows: int) -> Tensor:
        """Put gradients of the first parameters, as many as there are, into one row each.

        Parameters
        ----------
        gradients : iterable of sequence of Tensor or None
            For every row gradients of the parameters; None stands for zero.
        n_rows : int
            Number of rows.

        Returns
        -------
        flat : Tensor of shape (n_rows, n_values)
        """
        rows = None
        for k, of_row in enumerate(gradients):
            pairs = zip(self.parameters, of_row, strict=False)
            row = torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for p, g in pairs])
            if rows is None:
                rows = row.new_empty(n_rows, len(row))
            rows[k] = row
        assert rows is not None
        return rows

    def divide(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Divide the targets' flat gradients into what is shared and what is their own.

        Parameters
        ----------
        flat : Tensor of shape (n_targets, n)
            One flat gradient per target; it is changed.

        Returns
        -------
        shared : Tensor of shape (n_targets, n_shared_values)
            Gradients by the parameters with shared slices; zero for the other slices.
        own : Tensor
            Gradient of every slice that one target owns, zero for the others; without the
            parameters that are wholly shared.
        """
        shared = flat[:, : self.n_shared_values]
        # Of a slice that one target owns, the others' gradients are zero.
        own = flat[:, self._n_whole :].sum(dim=0)
        n_mixed = len(self._own_of_mixed)
        if n_mixed:
            own[:n_mixed] *= self._own_of_mixed
            shared[:, self._n_whole :] *= 1 - self._own_of_mixed
        return shared, own

    def write(self, shared: Tensor, own: Tensor) -> None:
        """Make flat vectors the gradients of the parameters.

        Parameters
        ----------
        shared : Tensor of shape (n_shared_values,)
            Gradient by the parameters with shared slices; zero for the other slices.
        own : Tensor
            As from :meth:`divide`.
        """
        n_mixed = len(self._own_of_mixed)
        vector = torch.cat([shared, own[n_mixed:]])
        if n_mixed:
            vector[self._n_whole : self.n_shared_values] += own[:n_mixed]
        for parameter, piece in zip(self.parameters, vector.split(self._sizes), strict=True):
            parameter.grad = piece.view_as(parameter)

    def scale_own(self, factors: Tensor) -> None:
        """Multiply the gradients of every target's own slices by its factor.

        Parameters
        ----------
        factors : Tensor of shape (n_targets,)
            Factors of the targets.
        """
        factors = torch.cat([factors, factors.new_ones(1)])  # shared slices keep their gradient
        for parameter, owners in self._owners:
            gradient = parameter.grad
            if gradient is not None:
                per_slice = gradient.shape[:1] + (1,) * (gradient.ndim - 1)
                gradient.mul_(factors[owners].view(per_slice))
