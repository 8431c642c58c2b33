"""Normalisation layers of sequences, by name."""

from torch import Tensor, nn
from torch.nn import functional


class SequenceBatchNorm(nn.BatchNorm1d):
    """Normalise every channel over the rows and steps of a batch (MS-BCNN, eq. 51).

    A channel with a single value in the batch (one row of one step) has no variance: it is
    normalised by the running statistics, as in evaluation, and leaves them as they are. A last
    batch of one row therefore trains like any other.

    Notes
    -----
    **Shape**: ``(B, C, L) -> (B, C, L)``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        if not self.training or x.shape[0] * x.shape[2] > 1:
            return super().forward(x)
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )


class SequenceLayerNorm(nn.LayerNorm):
    """Normalise every step of every row over the channels (MS-BCNN, eq. 52).

    Notes
    -----
    The paper writes the statistics as those "over features". They are taken step by step, as
    transformers do, with one weight and one bias per channel; a row of one step is no exception.

    **Shape**: ``(B, C, L) -> (B, C, L)``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class SequenceInstanceNorm(nn.InstanceNorm1d):
    """Normalise every channel of every row over the steps (MS-BCNN, eq. 53).

    Notes
    -----
    There is one weight and one bias per channel, and there are no running statistics.

    **Shape**: ``(B, C, L) -> (B, C, L)``, L of at least 2: a single step would become zero.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__(n_channels, affine=True)


NORMS: dict[str, type[nn.Module]] = {
    "batch": SequenceBatchNorm,
    "instance": SequenceInstanceNorm,
    "layer": SequenceLayerNorm,
}
