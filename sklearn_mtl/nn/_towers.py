"""Output layers: one small network per target, evaluated together."""

from typing import Any

import torch
from torch import Tensor, nn

from sklearn_mtl.nn._stacked import StackedMLP


class Towers(nn.Module):
    """One output network (tower) per target and ensemble member.

    Parameters
    ----------
    n_targets : int
        Number of targets K.
    in_features : int
        Width h of a target's features.
    hidden_dim : int or None, default=None
        Width of the hidden layer; None makes every tower a single linear layer.
    n_members : int, default=1
        Number of ensemble members M, each with towers of its own.

    Notes
    -----
    **Shape**

    - Input: ``(K, M * B, h)``, rows ordered by member.
    - Output: ``(M * B, K)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import Towers
    >>> Towers(n_targets=2, in_features=8, hidden_dim=4)(torch.zeros(2, 5, 8)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        n_targets: int,
        in_features: int,
        hidden_dim: int | None = None,
        n_members: int = 1,
    ) -> None:
        super().__init__()
        self.n_targets = n_targets
        self.in_features = in_features
        self.hidden_dim = hidden_dim
        self.n_members = n_members
        widths = [in_features, 1] if hidden_dim is None else [in_features, hidden_dim, 1]
        self.layers = StackedMLP(n_members * n_targets, widths, activate_output=False)

    def for_members(self, n_members: int) -> "Towers":
        """Return newly initialised towers of the same shape for `n_members` ensemble members."""
        return Towers(self.n_targets, self.in_features, self.hidden_dim, n_members)

    def forward(self, features: Tensor) -> Tensor:
        """Map every target's features to its prediction."""
        k, m = self.n_targets, self.n_members
        if m == 1:
            return self.layers(features).squeeze(2).T  # (K, B, 1) -> (B, K)
        # (K, M*B, h) -> (K, M, B, h) -> (M, K, B, h) -> (M*K, B, h)
        members = features.unflatten(1, (m, -1)).transpose(0, 1).flatten(0, 1)
        outputs = self.layers(members).view(m, k, -1)
        return outputs.transpose(1, 2).flatten(0, 1)  # (M, K, B) -> (M, B, K) -> (M*B, K)

    def of_shared(self, features: Tensor) -> Tensor:
        """Map features that the targets have in common, ``(M * B, h) -> (M * B, K)``.

        Linear towers are then one matrix product, and the targets' gradients are added in it.
        """
        if self.hidden_dim is not None or self.n_members > 1:
            return self(features.expand(self.n_targets, -1, -1))
        layer: Any = self.layers[0]
        return torch.addmm(layer.bias.flatten(), features, layer.weight.squeeze(2).T)

    def task_slices(self) -> dict[str, Tensor]:
        """Declare that every tower belongs to its own target alone."""
        own = torch.eye(self.n_targets, dtype=torch.bool).repeat(self.n_members, 1)
        return {name: own for name, _ in self.named_parameters()}


def has_towers(network: Any) -> bool:
    """Tell whether ``network.towers(network.encode(x))`` gives its predictions.

    Parameters
    ----------
    network : Module
        A network.

    Returns
    -------
    has_towers : bool
        Whether it has a method ``encode`` and an attribute ``towers`` of type :class:`Towers`.
    """
    return hasattr(network, "encode") and isinstance(getattr(network, "towers", None), Towers)
