"""Objective-aware mixture of experts: every target's own experts beside shared ones."""

import torch
from torch import Tensor, nn

from sklearn_mtl.nn._mmoe import mix_experts
from sklearn_mtl.nn._ownership import all_tasks, own_task
from sklearn_mtl.nn._stacked import StackedLinear, StackedMLP
from sklearn_mtl.nn._towers import Towers


class OMoEBlock(nn.Module):
    """One feature-extraction block: the targets' experts, shared experts, and their gates.

    Parameters
    ----------
    n_targets : int
        Number of targets K.
    widths : list of int
        Width of an expert's input and of each of its layers.
    n_specific : int
        Number n_k of experts of every target.
    n_shared : int
        Number n_s of experts that all targets share.
    dropout : float
        Dropout rate after every hidden layer of an expert.
    has_shared_gate : bool
        Whether shared features are mixed too, for the shared experts of a block that follows.

    Notes
    -----
    The experts lie in one stack: those of target 0, of target 1, ..., then the shared ones.
    """

    def __init__(
        self,
        n_targets: int,
        widths: list[int],
        *,
        n_specific: int,
        n_shared: int,
        dropout: float,
        has_shared_gate: bool,
    ) -> None:
        super().__init__()
        self.n_targets = n_targets
        self.n_specific = n_specific
        self.n_shared = n_shared
        n_experts = n_targets * n_specific + n_shared
        self.experts = StackedMLP(n_experts, widths, dropout=dropout)
        self.gate = StackedLinear(n_targets, widths[0], n_specific + n_shared)
        self.shared_gate = nn.Linear(widths[0], n_experts) if has_shared_gate else None

    def gates(self, task_inputs: Tensor) -> Tensor:
        """Share of a target's own and of the shared experts (eq. 5), ``(K, B, n_k + n_s)``."""
        return self.gate(task_inputs).softmax(dim=2)

    def forward(
        self, task_inputs: Tensor, shared_input: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Mix the experts anew for every target (eqs 3 and 4) and for the shared features.

        Parameters
        ----------
        task_inputs : Tensor of shape (B, in_features) or (K, B, in_features)
            What all experts see, or every target's own features from the block before.
        shared_input : Tensor of shape (B, in_features) or None
            Shared features from the block before, if it has a shared gate; else `task_inputs` is
            what all see.

        Returns
        -------
        task_features : Tensor of shape (K, B, d)
            Features of every target.
        shared_features : Tensor of shape (B, d) or None
            Features for shared experts; None without a shared gate.
        """
        outputs = self.experts(self._expert_inputs(task_inputs, shared_input))
        gates = self.gates(task_inputs)
        specific, shared = outputs.split([len(outputs) - self.n_shared, self.n_shared])
        features = []
        if self.n_specific:
            own = specific.unflatten(0, (self.n_targets, self.n_specific))
            shares = gates[..., : self.n_specific].transpose(1, 2).unsqueeze(3)
            features.append((shares * own).sum(dim=1))  # (K, n_k, B, d) -> (K, B, d)
        if self.n_shared:
            features.append(mix_experts(gates[..., self.n_specific :], shared))
        task_features = features[0] if len(features) == 1 else features[0] + features[1]
        if self.shared_gate is None:
            return task_features, None
        seen = task_inputs if shared_input is None else shared_input
        shared_shares = self.shared_gate(seen).softmax(dim=1)
        return task_features, mix_experts(shared_shares.unsqueeze(0), outputs).squeeze(0)

    def _expert_inputs(self, task_inputs: Tensor, shared_input: Tensor | None) -> Tensor:
        if task_inputs.ndim == 2:
            return task_inputs
        inputs = []
        if self.n_specific:
            inputs.append(task_inputs.repeat_interleave(self.n_specific, dim=0))
        if shared_input is not None:
            inputs.append(shared_input.expand(self.n_shared, -1, -1))
        return torch.cat(inputs)


class OMoE(nn.Module):
    """Objective-aware mixture of experts (OMoE) of TMoE-P; the network of PLE.

    Blocks of experts stand one above the other. In each, every target has experts of its own
    beside those that all targets share, and a gate that mixes both; what the gates give is the
    input of the next block.

    Parameters
    ----------
    n_features : int
        Number of inputs F.
    n_targets : int
        Number of targets K.
    n_blocks : int, default=2
        Number n_b of feature-extraction blocks.
    n_specific : int, default=1
        Number n_k of experts of every target in a block; 0 leaves shared experts only.
    n_shared : int, default=1
        Number n_s of shared experts in a block; 0 models every target alone.
    n_expert_layers : int, default=3
        Number n_l of layers of an expert.
    hidden_dim : int, default=64
        Width of every layer of an expert.
    tower_dim : int or None, default=32
        Width of a tower's hidden layer; None makes the towers linear.
    dropout : float, default=0.0
        Dropout rate after the hidden layers of the experts.

    Raises
    ------
    ValueError
        If a block would have no expert.

    Notes
    -----
    Equations 3 to 6 of the paper. In block 1 all experts and gates see x. From then on the experts
    and the gate of target k see what the gate of target k gave, the shared experts what the shared
    gate gave. The gate of target k weighs its ``n_k + n_s`` experts, the shared gate all
    ``K * n_k + n_s``; the last block has no shared gate.

    All experts of a block are evaluated in one stack. A gate is computed for the experts it may
    weigh only, which costs time in proportion to K; a table of K gates by all experts with the
    forbidden pairs masked would grow with its square.

    In all blocks but the last, the shared gate makes the experts of a target matter to all others:
    they count as shared parameters there.

    **Shape**: ``(B, F) -> (B, K)``.

    References
    ----------
    .. [1] L. Pan et al., "TMoE-P: towards the Pareto optimum for multivariate soft sensors", 2023.
    .. [2] H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning (MTL)
       model for personalized recommendations", RecSys 2020.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import OMoE
    >>> network = OMoE(n_features=10, n_targets=2)
    >>> network(torch.zeros(5, 10)).shape
    torch.Size([5, 2])
    >>> network.gates(torch.zeros(5, 10), block=0).shape  # 1 own and 1 shared expert
    torch.Size([2, 5, 2])
    """

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        *,
        n_blocks: int = 2,
        n_specific: int = 1,
        n_shared: int = 1,
        n_expert_layers: int = 3,
        hidden_dim: int = 64,
        tower_dim: int | None = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if n_specific + n_shared == 0:
            raise ValueError(
                "A block needs an expert: `n_specific` or `n_shared` must be at least 1. "
                "Found 0 for both."
            )
        self.n_targets = n_targets
        self.blocks = nn.ModuleList(
            OMoEBlock(
                n_targets,
                [n_features if depth == 0 else hidden_dim] + n_expert_layers * [hidden_dim],
                n_specific=n_specific,
                n_shared=n_shared,
                dropout=dropout,
                has_shared_gate=n_shared > 0 and depth < n_blocks - 1,
            )
            for depth in range(n_blocks)
        )
        self.towers = Towers(n_targets, hidden_dim, tower_dim)

    def gates(self, x: Tensor, block: int = -1) -> Tensor:
        """Share of its experts in every target's features.

        Parameters
        ----------
        x : Tensor of shape (B, F)
            Inputs.
        block : int, default=-1
            The block, counted from 0; by default the last one.

        Returns
        -------
        gates : Tensor of shape (K, B, n_specific + n_shared)
            The target's own experts first, then the shared ones; sums to one.
        """
        wanted: OMoEBlock = self.blocks[block]  # type: ignore[assignment]
        task_features, shared_features = x, None
        for layer in self.blocks:
            if layer is wanted:
                break
            task_features, shared_features = layer(task_features, shared_features)
        return wanted.gates(task_features)

    def encode(self, x: Tensor) -> Tensor:
        """Features of every target, ``(B, F) -> (K, B, hidden_dim)``."""
        task_features, shared_features = x, None
        for block in self.blocks:
            task_features, shared_features = block(task_features, shared_features)
        return task_features

    def decode(self, features: Tensor) -> Tensor:
        """Predictions from every target's features (eq. 6), ``(K, B, hidden_dim) -> (B, K)``."""
        return self.towers(features)

    def forward(self, x: Tensor) -> Tensor:
        """Predict all targets."""
        return self.decode(self.encode(x))

    def task_slices(self) -> dict[str, Tensor]:
        """Declare what reaches several targets: shared experts, and all that feeds one.

        The shared gate of a block mixes the experts of all targets, and with them what they see.
        """
        slices = {f"towers.{name}": own for name, own in self.towers.task_slices().items()}
        feeds_shared = False  # Whether the task features of the block feed a shared gate above
        for depth in reversed(range(len(self.blocks))):
            block: OMoEBlock = self.blocks[depth]  # type: ignore[assignment]
            prefix, mixed = f"blocks.{depth}.", block.shared_gate is not None
            own = torch.eye(self.n_targets, dtype=torch.bool)
            own = own.repeat_interleave(block.n_specific, dim=0) | mixed
            shared = torch.ones(block.n_shared, self.n_targets, dtype=torch.bool)
            experts = torch.cat([own, shared])
            slices |= {f"{prefix}experts.{n}": experts for n, _ in block.experts.named_parameters()}
            declare = all_tasks if feeds_shared else own_task
            slices |= declare(block.gate, self.n_targets, f"{prefix}gate.")
            if block.shared_gate is not None:
                slices |= all_tasks(block.shared_gate, self.n_targets, f"{prefix}shared_gate.")
            # A target's features are seen by its experts, which the shared gate mixes.
            feeds_shared = mixed and block.n_specific > 0
        return slices
