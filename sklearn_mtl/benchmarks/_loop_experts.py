"""The multi-gate mixture of experts as it is usually written: modules in a list, one by one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LoopMMoE(nn.Module):
    """The network of :class:`sklearn_mtl.nn.MMoE`, with a loop over experts, gates and towers.

    The reference of the speed benchmark: same widths, same number of parameters, same operations.

    Parameters
    ----------
    n_features : int
        Number of inputs.
    n_targets : int
        Number of targets.
    n_experts, hidden_dim, expert_dim, tower_dim : int
        Shape of the network, as in :class:`sklearn_mtl.nn.MMoE`.

    Notes
    -----
    **Shape**: ``(B, n_features) -> (B, n_targets)``.
    """

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        n_experts: int = 4,
        hidden_dim: int = 64,
        expert_dim: int = 32,
        tower_dim: int = 16,
    ) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(
                nn.Linear(n_features, hidden_dim),
                nn.ReLU(),
                nn.Linear(hidden_dim, expert_dim),
                nn.ReLU(),
            )
            for _ in range(n_experts)
        )
        self.gates = nn.ModuleList(nn.Linear(n_features, n_experts) for _ in range(n_targets))
        self.towers = nn.ModuleList(
            nn.Sequential(nn.Linear(expert_dim, tower_dim), nn.ReLU(), nn.Linear(tower_dim, 1))
            for _ in range(n_targets)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Predict all targets."""
        experts = torch.stack([expert(x) for expert in self.experts], dim=1)  # (B, E, d)
        outputs = []
        for gate, tower in zip(self.gates, self.towers, strict=True):
            shares = gate(x).softmax(dim=1).unsqueeze(2)  # (B, E, 1)
            outputs.append(tower((shares * experts).sum(dim=1)))
        return torch.cat(outputs, dim=1)
