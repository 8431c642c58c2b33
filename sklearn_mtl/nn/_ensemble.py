"""Implicit ensembles: members that share the body of one network."""

from typing import Any

import torch
from torch import Tensor, nn

from sklearn_mtl.nn._ownership import task_slices
from sklearn_mtl.nn._towers import Towers, has_towers


class ImplicitEnsemble(nn.Module):
    """Ensemble members that share a network's body (TabM-style), for any architecture.

    Every member scales the inputs by a learned vector of its own, initialised with random signs,
    and has towers of its own; everything between is shared. The cost is that of one network on
    ``n_members`` times as many rows, and the parameters grow by the towers only.

    Parameters
    ----------
    n_features : int
        Number of inputs F.
    n_targets : int
        Number of targets K.
    network : type
        Module class built as ``network(n_features, n_targets, **network_params)``. It must offer
        ``encode(x) -> (K, B, h)`` and an attribute ``towers`` of type :class:`Towers`. It may tell
        by a buffer ``input_channels`` of shape (F,) to which channel an input belongs: the steps
        of a sequence then share one scale, since a sign for every step would tear it apart.
    n_members : int
        Number of members M, at least 2.
    **network_params
        Further arguments of `network`.

    Raises
    ------
    ValueError
        If the network offers no ``encode`` or no ``towers``.

    Notes
    -----
    **Shape**: ``(B, F) -> (B, K)``, the mean over members; :meth:`members` gives ``(M, B, K)``.

    References
    ----------
    .. [1] Y. Gorishniy, A. Kotelnikov, A. Babenko, "TabM: advancing tabular deep learning with
       parameter-efficient ensembling", ICLR 2025.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import ImplicitEnsemble, MMoE
    >>> ensemble = ImplicitEnsemble(10, 2, network=MMoE, n_members=8)
    >>> ensemble.members(torch.zeros(5, 10)).shape
    torch.Size([8, 5, 2])
    """

    network: Any

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        *,
        network: type[nn.Module],
        n_members: int,
        **network_params: Any,
    ) -> None:
        super().__init__()
        self.n_features = n_features
        self.n_targets = n_targets
        self.n_members = n_members
        self.network = network(n_features, n_targets, **network_params)
        if not has_towers(self.network):
            raise ValueError(
                f"ensemble_size={n_members} needs an architecture with a method "
                "encode(x) -> (n_targets, n_samples, h) and an attribute `towers` of type "
                f"sklearn_mtl.nn.Towers. {network.__name__} lacks one of them; use ensemble_size=1."
            )
        self.network.towers = self.network.towers.for_members(n_members)
        if hasattr(self.network, "rows_per_chunk"):
            self.rows_per_chunk = max(1, self.network.rows_per_chunk // n_members)
        channels: Tensor | None = getattr(self.network, "input_channels", None)
        n_channels = n_features if channels is None else int(channels.max()) + 1
        signs = torch.randint(0, 2, (n_members, 1, n_channels))
        self.input_scale = nn.Parameter(2.0 * signs - 1.0)

    @property
    def towers(self) -> Towers:
        """Towers of all members."""
        return self.network.towers

    def scaled(self, x: Tensor) -> Tensor:
        """Scale the inputs for every member, ``(B, F) -> (M * B, F)``, rows by member."""
        channels: Tensor | None = getattr(self.network, "input_channels", None)
        scale = self.input_scale if channels is None else self.input_scale[:, :, channels]
        return (x * scale).flatten(0, 1)

    def encode(self, x: Tensor) -> Tensor:
        """Features of every member's targets, ``(B, F) -> (K, M * B, h)``, rows by member."""
        return self.network.encode(self.scaled(x))

    def decode(self, features: Tensor) -> Tensor:
        """Predictions of every member, ``(K, M * B, h) -> (M * B, K)``, rows by member."""
        return self.towers(features)

    def members(self, x: Tensor) -> Tensor:
        """Predictions of every member, ``(M, B, K)``."""
        return self.decode(self.encode(x)).unflatten(0, (self.n_members, -1))

    def forward(self, x: Tensor) -> Tensor:
        """Mean prediction over members."""
        return self.members(x).mean(dim=0)

    def gates(self, x: Tensor, **options: Any) -> Tensor:
        """Share of every expert, mean over members, ``(K, B, E)``; options are the network's."""
        gates = self.network.gates(self.scaled(x), **options)
        return gates.unflatten(1, (self.n_members, -1)).mean(dim=1)

    def prepare_for_prediction(self) -> None:
        """Prepare the network, if it knows how to."""
        if hasattr(self.network, "prepare_for_prediction"):
            self.network.prepare_for_prediction()

    def task_slices(self) -> dict[str, Tensor]:
        """Declare the input scaling as shared and the rest as the network does."""
        probe = self.input_scale.new_ones(1, self.n_features)
        training = self.training
        outputs = self.eval()(probe)[0]
        self.train(training)
        slices = task_slices(self.network, outputs)
        # Known exactly even where the network declares nothing
        slices |= {f"towers.{n}": own for n, own in self.network.towers.task_slices().items()}
        slices = {f"network.{name}": own for name, own in slices.items()}
        slices["input_scale"] = torch.ones(self.n_members, self.n_targets, dtype=torch.bool)
        return slices
