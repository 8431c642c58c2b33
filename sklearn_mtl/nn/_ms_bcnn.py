"""Multi-scale bi-branch convolutional network."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sklearn_mtl.nn._fusion import CROSS_MAPPING_MODES, FUSIONS, WEIGHTING_MODES
from sklearn_mtl.nn._ownership import all_tasks
from sklearn_mtl.nn._sequence_norms import NORMS
from sklearn_mtl.nn._towers import Towers
from sklearn_mtl.nn._window_normalization import normalize_windows

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
BRANCHES = ("both", "short", "long")


class ConvolutionBranch(nn.Sequential):
    """Convolutions of one range of kernel sizes, each with norm, activation and dropout.

    Parameters
    ----------
    channels : sequence of int
        Channels of the input and of every layer.
    kernels : sequence of int
        Kernel size of every layer, odd.
    norm : {"batch", "layer", "instance"}
        Normalisation layer.
    activation : {"relu", "gelu", "silu", "tanh"}
        Activation.
    dropout : float
        Dropout rate after every activation.

    Notes
    -----
    Zero padding keeps the length, whatever the kernel size.

    **Shape**: ``(B, channels[0], L) -> (B, channels[-1], L)``.
    """

    def __init__(
        self,
        channels: Sequence[int],
        kernels: Sequence[int],
        *,
        norm: str,
        activation: str,
        dropout: float,
    ) -> None:
        layers: list[nn.Module] = []
        for (n_in, n_out), kernel in zip(pairwise(channels), kernels, strict=True):
            layers += [
                nn.Conv1d(n_in, n_out, kernel, padding=(kernel - 1) // 2),
                NORMS[norm](n_out),
                ACTIVATIONS[activation](),
            ]
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
        super().__init__(*layers)

    def folded(self) -> nn.Sequential:
        """Return fewer layers that give the same in evaluation.

        A batch norm with fixed statistics is part of the convolution before it.
        """
        layers: list[nn.Module] = []
        for layer in self:
            if isinstance(layer, nn.BatchNorm1d):
                convolution: Any = layers[-1]
                layers[-1] = fuse_conv_bn_eval(convolution, layer)
            elif not isinstance(layer, nn.Dropout):
                layers.append(layer)
        return nn.Sequential(*layers)


class MSBCNN(nn.Module):
    """Multi-scale bi-branch convolutional network (MS-BCNN, section 4.2 and appendix A.4).

    Two branches of three convolutions, with short kernels for fast fluctuations and long ones for
    slow trends, read the same window. Their last sequences are fused, flattened and mapped to the
    targets by one linear layer.

    Parameters
    ----------
    n_features : int
        Number of inputs F in the sequence layout: D windows of `seq_len` steps, one after the
        other, then `n_static` columns without a time axis.
    n_targets : int
        Number of targets K.
    seq_len : int, default=1
        Steps L of a window.
    n_static : int, default=0
        Number of columns without a time axis, such as those of the calendar.
    projection_channels : int, default=16
        Channels of the linear projection of every step (x6).
    channels : sequence of 3 int, default=(16, 32, 64)
        Channels of the layers, the same in both branches (x7, x8, x9).
    short_kernels : sequence of 3 int, default=(3, 5, 7)
        Kernel sizes of the short branch, odd (x10).
    long_kernels : sequence of 3 int, default=(9, 11, 13)
        Kernel sizes of the long branch, odd (x11).
    norm : {"batch", "layer", "instance"}, default="batch"
        Normalisation behind every convolution (x5).
    activation : {"relu", "gelu", "silu", "tanh"}, default="tanh"
        Activation (x12).
    dropout : float, default=0.1
        Dropout rate after every activation (x13).
    fusion : {"concat", "add", "weighting", "gating", "attention", "cross_mapping"}, \
default="concat"
        How the branches are fused (x22).
    weighting_mode : {"add", "concat"}, default="add"
        How ``fusion="weighting"`` combines the branches (x23); ignored with another fusion.
    cross_mapping_mode : {"add", "concat", "gated"}, default="add"
        How ``fusion="cross_mapping"`` combines the branches (x24); ignored with another fusion.
    branches : {"both", "short", "long"}, default="both"
        Branches of the network; with one of them there is no fusion.
    time_embedding : bool, default=True
        Whether the static columns are read; False ignores them.
    window_normalization : bool, default=False
        Whether every channel of a window is normalised by its own mean and standard deviation,
        which are appended as channels (:func:`normalize_windows`).

    Raises
    ------
    ValueError
        If the columns are no whole number of windows, a kernel size is even or not one of three,
        a name is unknown, or ``norm="instance"`` meets windows of a single step.

    Notes
    -----
    Static columns are repeated along time and appended as channels (eq. 16). The paper gives the
    weight of the head as K x (L C3) (eq. 17); with a fusion that puts branches side by side it is
    K x (L 2 C3), and its columns are ordered by channel, then step. Convolutions keep their bias
    in front of a norm, as the paper's count of parameters has it.

    **Shape**: ``(B, F) -> (B, K)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import MSBCNN
    >>> MSBCNN(n_features=5 * 12 + 4, n_targets=3, seq_len=12, n_static=4)(torch.zeros(7, 64)).shape
    torch.Size([7, 3])
    """

    # In double precision a convolution unfolds its input, to kernel-size times its size: chunks
    # beyond some megabytes fall out of the cache and take twice the time per row.
    rows_per_chunk = 128

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        *,
        seq_len: int = 1,
        n_static: int = 0,
        projection_channels: int = 16,
        channels: Sequence[int] = (16, 32, 64),
        short_kernels: Sequence[int] = (3, 5, 7),
        long_kernels: Sequence[int] = (9, 11, 13),
        norm: str = "batch",
        activation: str = "tanh",
        dropout: float = 0.1,
        fusion: str = "concat",
        weighting_mode: str = "add",
        cross_mapping_mode: str = "add",
        branches: str = "both",
        time_embedding: bool = True,
        window_normalization: bool = False,
    ) -> None:
        super().__init__()
        _check_name("norm", norm, NORMS)
        _check_name("activation", activation, ACTIVATIONS)
        _check_name("fusion", fusion, FUSIONS)
        _check_name("weighting_mode", weighting_mode, WEIGHTING_MODES)
        _check_name("cross_mapping_mode", cross_mapping_mode, CROSS_MAPPING_MODES)
        _check_name("branches", branches, BRANCHES)
        _check_three("channels", channels)
        kernels = {"short": short_kernels, "long": long_kernels}
        for name, sizes in kernels.items():
            _check_three(f"{name}_kernels", sizes)
            if any(size % 2 == 0 for size in sizes):
                raise ValueError(
                    f"`{name}_kernels` must be odd, so that padding keeps the length of the "
                    f"window. Found {tuple(sizes)}."
                )
        if norm == "instance" and seq_len == 1:
            raise ValueError(
                "norm='instance' normalises over the steps of a window and needs at least 2. Found "
                "seq_len=1. State `seq_len`, or take norm='batch' or norm='layer'."
            )
        self.n_targets = n_targets
        self.seq_len = seq_len
        self.n_channels = _n_channels(n_features, seq_len, n_static)
        self.time_embedding = time_embedding
        self.window_normalization = window_normalization
        in_channels = self.n_channels * (3 if window_normalization else 1)
        in_channels += n_static if time_embedding else 0
        steps = torch.arange(self.n_channels).repeat_interleave(seq_len)
        static = torch.arange(self.n_channels, self.n_channels + n_static)
        self.register_buffer("input_channels", torch.cat([steps, static]), persistent=False)
        self.projection = nn.Conv1d(in_channels, projection_channels, 1)
        kept = ["short", "long"] if branches == "both" else [branches]
        self.branches = nn.ModuleDict(
            {
                name: ConvolutionBranch(
                    [projection_channels, *channels],
                    kernels[name],
                    norm=norm,
                    activation=activation,
                    dropout=dropout,
                )
                for name in kept
            }
        )
        modes = {"weighting": [weighting_mode], "cross_mapping": [cross_mapping_mode]}
        self.fusion: nn.Module | None = None
        out_channels = channels[-1]
        if branches == "both":
            self.fusion = FUSIONS[fusion](channels[-1], *modes.get(fusion, []))
            out_channels = self.fusion.out_channels  # type: ignore[assignment]
        self.towers = Towers(n_targets, seq_len * out_channels)

    def sequences(self, x: Tensor) -> Tensor:
        """Channels over time (eq. 16), ``(B, F) -> (B, C_in, L)``."""
        n_columns = self.n_channels * self.seq_len
        channels = x[:, :n_columns].unflatten(1, (self.n_channels, self.seq_len))
        if self.window_normalization:
            channels = normalize_windows(channels)
        if not self.time_embedding or x.shape[1] == n_columns:
            return channels
        static = x[:, n_columns:, None].expand(-1, -1, self.seq_len)
        return torch.cat([channels, static], dim=1)

    def features(self, x: Tensor) -> Tensor:
        """Fused and flattened sequences, ``(B, F) -> (B, h)``."""
        projected = self.projection(self.sequences(x))
        ends = [branch(projected) for branch in self.branches.values()]
        fused = ends[0] if self.fusion is None else self.fusion(*ends)
        return fused.flatten(1)

    def encode(self, x: Tensor) -> Tensor:
        """Features, seen once by every target, ``(B, F) -> (K, B, h)``."""
        return self.features(x).expand(self.n_targets, -1, -1)

    def decode(self, features: Tensor) -> Tensor:
        """Predictions from every target's features (eq. 17), ``(K, B, h) -> (B, K)``."""
        return self.towers(features)

    def forward(self, x: Tensor) -> Tensor:
        """Predict all targets; as ``decode(encode(x))``, with the towers in one product."""
        return self.towers.of_shared(self.features(x))

    def prepare_for_prediction(self) -> None:
        """Fold the batch norms into the convolutions; the network cannot be trained any more."""
        for name, branch in self.branches.items():
            self.branches[name] = branch.folded()  # type: ignore[operator]

    def task_slices(self) -> dict[str, Tensor]:
        """Declare all but the output layer as shared."""
        slices = {f"towers.{name}": own for name, own in self.towers.task_slices().items()}
        return all_tasks(self, self.n_targets) | slices


def _check_name(parameter: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValueError(f"`{parameter}` must be one of {sorted(allowed)}. Found {value!r}.")


def _check_three(parameter: str, sizes: Sequence[int]) -> None:
    if len(sizes) != 3 or any(size < 1 for size in sizes):
        raise ValueError(
            f"`{parameter}` must have three values of at least 1, one per layer. Found "
            f"{tuple(sizes)}."
        )


def _n_channels(n_features: int, seq_len: int, n_static: int) -> int:
    n_columns = n_features - n_static
    if n_columns < seq_len or n_columns % seq_len:
        raise ValueError(
            f"{n_features} columns, of which n_static={n_static} have no time axis, are no whole "
            f"number of windows of seq_len={seq_len} steps: {n_columns} / {seq_len}. A row is the "
            "windows of all channels, one after the other, then the static columns."
        )
    return n_columns // seq_len
