"""Windows freed of their level, which is kept beside them."""

import torch
from torch import Tensor

# Of a window that varies by less than this share of its level, single precision leaves noise.
SMALLEST_VARIATION = 1e-5


def normalize_windows(windows: Tensor) -> Tensor:
    """Split every channel of a window into its shape, its level and its scale.

    The shape is the channel minus its mean over the steps, divided by its standard deviation. It
    does not change when the level or the scale of a sensor drifts; both are appended as channels
    that are constant along time, so that nothing is lost.

    Parameters
    ----------
    windows : Tensor of shape (B, D, L)
        Channels over time.

    Returns
    -------
    channels : Tensor of shape (B, 3 * D, L)
        Shapes, means and standard deviations. A constant channel has the shape zero.

    Notes
    -----
    Reversible instance normalisation [1]_ puts mean and standard deviation back behind the network,
    since there the target is the channel itself. A quality variable is another quantity than the
    channels, so the network gets them as inputs and learns what they mean for it.

    References
    ----------
    .. [1] T. Kim et al., "Reversible instance normalization for accurate time-series forecasting
       against distribution shift", ICLR 2022.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import normalize_windows
    >>> normalize_windows(torch.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.,  1.],
             [ 2.,  2.],
             [ 1.,  1.]]])
    """
    mean = windows.mean(dim=2, keepdim=True)
    centred = windows - mean
    variance = centred.square().mean(dim=2, keepdim=True)
    # Bounded before the root, whose slope at zero is infinite
    smallest = (SMALLEST_VARIATION * mean.detach()).square()
    scale = variance.clamp_min(smallest + torch.finfo(windows.dtype).tiny).sqrt()
    return torch.cat([centred / scale, mean.expand_as(windows), scale.expand_as(windows)], dim=1)
