"""Multi-gate mixture of experts, with or without task attention."""

import torch
from torch import Tensor, nn

from sklearn_mtl.nn._attention import TaskAttention
from sklearn_mtl.nn._ownership import all_tasks, own_task
from sklearn_mtl.nn._stacked import StackedMLP
from sklearn_mtl.nn._towers import Towers

# Up to so many pairs of target and expert, elementwise products are faster than one small matrix
# product per row (forward and backward on a CPU, by a tenth to a half); beyond, they are slower.
MOST_PAIRS_ELEMENTWISE = 16


def mix_experts(gates: Tensor, experts: Tensor) -> Tensor:
    """Mix the experts' outputs anew for every target: ``f_k = sum_e gate_ke * expert_e``.

    Parameters
    ----------
    gates : Tensor of shape (K, B, E)
        Shares of the experts.
    experts : Tensor of shape (E, B, d)
        Outputs of the experts.

    Returns
    -------
    features : Tensor of shape (K, B, d)
    """
    if gates.shape[0] * gates.shape[2] > MOST_PAIRS_ELEMENTWISE:
        return torch.einsum("kbe,ebd->kbd", gates, experts)
    shares = gates.permute(2, 0, 1).unsqueeze(3)  # (K, B, E) -> (E, K, B, 1)
    return (shares * experts.unsqueeze(1)).sum(dim=0)


class MMoE(nn.Module):
    """Multi-gate mixture of experts: shared experts, mixed anew for every target.

    Parameters
    ----------
    n_features : int
        Number of inputs F.
    n_targets : int
        Number of targets K.
    n_experts : int, default=4
        Number of experts E.
    hidden_dim : int, default=64
        Width of an expert's hidden layer.
    expert_dim : int, default=32
        Width d of an expert's output, that is of a target's features.
    tower_dim : int or None, default=16
        Width of a tower's hidden layer; None makes the towers linear.
    dropout : float, default=0.0
        Dropout rate inside the experts.
    attention : {None, "sigmoid", "softmax"}, default=None
        Gate function of a :class:`TaskAttention` between mixture and towers; None for no attention.

    Notes
    -----
    Expert e is a perceptron ``F -> hidden_dim -> expert_dim`` with ReLU; the gate of target k is
    ``softmax(W_k x)`` over the experts; the features of target k are
    ``f_k = sum_e gate_k,e(x) * expert_e(x)``. All experts, all gates and all towers are evaluated
    in one batched product each.

    **Shape**: ``(B, F) -> (B, K)``.

    References
    ----------
    .. [1] J. Ma et al., "Modeling task relationships in multi-task learning with multi-gate
       mixture-of-experts", KDD 2018.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import MMoE
    >>> network = MMoE(n_features=10, n_targets=2)
    >>> network(torch.zeros(5, 10)).shape
    torch.Size([5, 2])
    >>> network.gates(torch.zeros(5, 10)).shape
    torch.Size([2, 5, 4])
    """

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        *,
        n_experts: int = 4,
        hidden_dim: int = 64,
        expert_dim: int = 32,
        tower_dim: int | None = 16,
        dropout: float = 0.0,
        attention: str | None = None,
    ) -> None:
        super().__init__()
        self.n_targets = n_targets
        self.n_experts = n_experts
        self.experts = StackedMLP(n_experts, [n_features, hidden_dim, expert_dim], dropout=dropout)
        self.gate = nn.Linear(n_features, n_targets * n_experts)
        self.attention = (
            None if attention is None else TaskAttention(n_targets, expert_dim, attention)
        )
        self.towers = Towers(n_targets, expert_dim, tower_dim)

    def gates(self, x: Tensor) -> Tensor:
        """Share of every expert in every target's mixture, ``(K, B, E)``; sums to one over E."""
        logits = self.gate(x).unflatten(1, (self.n_targets, self.n_experts))
        return logits.softmax(dim=-1).transpose(0, 1)

    def encode(self, x: Tensor) -> Tensor:
        """Features of every target, ``(B, F) -> (K, B, d)``."""
        features = mix_experts(self.gates(x), self.experts(x))
        return features if self.attention is None else self.attention(features)

    def decode(self, features: Tensor) -> Tensor:
        """Predictions from every target's features, ``(K, B, d) -> (B, K)``."""
        return self.towers(features)

    def forward(self, x: Tensor) -> Tensor:
        """Predict all targets."""
        return self.decode(self.encode(x))

    def task_slices(self) -> dict[str, Tensor]:
        """Declare the experts as shared; gates, attention and towers belong to one target each."""
        slices = all_tasks(self.experts, self.n_targets, "experts.")
        slices |= own_task(self.gate, self.n_targets, "gate.")
        if self.attention is not None:
            slices |= own_task(self.attention, self.n_targets, "attention.")
        slices |= {f"towers.{name}": own for name, own in self.towers.task_slices().items()}
        return slices
