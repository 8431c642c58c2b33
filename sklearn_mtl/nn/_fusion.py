"""Fusion of two branches of a network, by name.

Every module maps two sequences ``(B, C, L)``, of the short and of the long kernels, to one of
``(B, out_channels, L)``. Equation numbers are those of the MS-BCNN paper, which writes sequences as
L x C; maps over channels act on every step alike.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

WEIGHTING_MODES = ("add", "concat")
CROSS_MAPPING_MODES = ("add", "concat", "gated")


class Concatenation(nn.Module):
    """Both branches side by side (eq. 69).

    Parameters
    ----------
    n_channels : int
        Channels C of a branch.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.out_channels = 2 * n_channels

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Fuse two sequences."""
        return torch.cat([short, long], dim=1)


class Addition(nn.Module):
    """Sum of the branches (eq. 70).

    Parameters
    ----------
    n_channels : int
        Channels C of a branch.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.out_channels = n_channels

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Fuse two sequences."""
        return short + long


class Weighting(nn.Module):
    """Branches in a proportion that one number per row sets (eqs 73 to 75).

    Parameters
    ----------
    n_channels : int
        Channels C of a branch.
    mode : {"add", "concat"}, default="add"
        Whether the weighted branches are added or put side by side.
    """

    def __init__(self, n_channels: int, mode: str = "add") -> None:
        super().__init__()
        self.mode = mode
        self.out_channels = n_channels if mode == "add" else 2 * n_channels
        self.score = nn.Linear(2 * n_channels, 1, bias=False)

    def share(self, short: Tensor, long: Tensor) -> Tensor:
        """Share of the short branch (eq. 73), ``(B, 1, 1)``."""
        means = torch.cat([short.mean(dim=2), long.mean(dim=2)], dim=1)
        return self.score(means).sigmoid().unsqueeze(2)

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Fuse two sequences."""
        share = self.share(short, long)
        if self.mode == "add":
            return share * short + (1 - share) * long  # eq. 74
        return torch.cat([share * short, (1 - share) * long], dim=1)  # eq. 75


class Gating(nn.Module):
    """Branches blended by a gate of every step and channel (eq. 71).

    Parameters
    ----------
    n_channels : int
        Channels C of a branch.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.out_channels = n_channels
        self.gate = nn.Conv1d(2 * n_channels, n_channels, 1)

    def shares(self, short: Tensor, long: Tensor) -> Tensor:
        """Share of the short branch in every step and channel, ``(B, C, L)``."""
        return self.gate(torch.cat([short, long], dim=1)).sigmoid()

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Fuse two sequences."""
        shares = self.shares(short, long)
        return shares * short + (1 - shares) * long


class CrossAttention(nn.Module):
    """Steps of the short branch attend to those of the long one, with one head (eq. 72).

    Parameters
    ----------
    n_channels : int
        Channels C of a branch, and width d of the attention.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.out_channels = n_channels
        self.query = nn.Linear(n_channels, n_channels, bias=False)
        self.key = nn.Linear(n_channels, n_channels, bias=False)
        self.value = nn.Linear(n_channels, n_channels, bias=False)

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Fuse two sequences."""
        short, long = short.transpose(1, 2), long.transpose(1, 2)  # (B, C, L) -> (B, L, C)
        fused = functional.scaled_dot_product_attention(
            self.query(short), self.key(long), self.value(long)
        )
        return fused.transpose(1, 2)


class CrossMapping(nn.Module):
    """Every branch plus a linear map of the other (eqs 76 to 79).

    Parameters
    ----------
    n_channels : int
        Channels C of a branch.
    mode : {"add", "concat", "gated"}, default="add"
        Whether the enhanced branches are added, put side by side or blended by a gate, which
        looks at the branches as they were.
    """

    def __init__(self, n_channels: int, mode: str = "add") -> None:
        super().__init__()
        self.mode = mode
        self.out_channels = 2 * n_channels if mode == "concat" else n_channels
        self.to_short = nn.Conv1d(n_channels, n_channels, 1)
        self.to_long = nn.Conv1d(n_channels, n_channels, 1)
        self.gating = Gating(n_channels) if mode == "gated" else None

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Fuse two sequences."""
        enhanced_short = short + self.to_short(long)  # eq. 76
        enhanced_long = long + self.to_long(short)
        if self.gating is not None:
            shares = self.gating.shares(short, long)
            return shares * enhanced_short + (1 - shares) * enhanced_long  # eq. 79
        if self.mode == "add":
            return enhanced_short + enhanced_long  # eq. 77
        return torch.cat([enhanced_short, enhanced_long], dim=1)  # eq. 78


#: x22 of the MS-BCNN paper; those with a mode take it as their second argument (x23, x24).
FUSIONS: dict[str, Callable[..., nn.Module]] = {
    "add": Addition,
    "attention": CrossAttention,
    "concat": Concatenation,
    "cross_mapping": CrossMapping,
    "gating": Gating,
    "weighting": Weighting,
}
