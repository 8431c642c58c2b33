"""How sure it is that one model's errors are smaller than another's on the same rows."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.metrics._block_length import automatic_block_length
from sklearn_mtl.metrics._block_resampling import block_resampled_means


class GainInterval(NamedTuple):
    """Gain of a model over a reference, and its confidence interval.

    Attributes
    ----------
    gain : float
        Positive where the model has the smaller losses.
    low, high : float
        Bounds; NaN if there are too few labels for an interval.
    """

    gain: float
    low: float
    high: float


def paired_block_bootstrap(
    losses: Any,
    reference_losses: Any,
    *,
    relative: bool = False,
    block_length: int | str = "auto",
    n_resamples: int = 2000,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> GainInterval:
    """Difference of two models' mean losses on the same rows, with a confidence interval.

    The errors of neighbouring rows resemble each other, so that rows drawn one by one give
    intervals that are too short. Here blocks of consecutive rows are drawn, and the same blocks
    for both models and all columns: what makes a row hard for both cancels out.

    Parameters
    ----------
    losses : array-like of shape (n_rows,) or (n_rows, n_columns)
        Losses of the model, such as squared errors, in the order of time. NaN marks a row
        without one. The mean losses of the columns are averaged: columns are the same model
        trained with several seeds, or targets, their squared errors over their variances.
    reference_losses : array-like of the same shape
        Losses of the reference. What is NaN in one of the two counts for neither.
    relative : bool, default=False
        Whether the gain is divided by the mean loss of the reference.
    block_length : int or "auto", default="auto"
        Rows of a block; 1 draws single rows. ``"auto"`` reads it from the autocorrelation of
        the differences, the longest of the columns.
    n_resamples : int, default=2000
        Number of resamples.
    confidence_level : float, default=0.95
        Share of such intervals that hold the true gain.
    random_state : int, RandomState instance or None, default=None
        Randomness of the resamples.

    Returns
    -------
    interval : GainInterval
        ``gain`` is the mean of `reference_losses` minus that of `losses`, over the former if
        `relative`; ``low`` and ``high`` bound it.

    Raises
    ------
    ValueError
        If the shapes differ, a loss is infinite, a column has no row with both losses, a loss is
        negative and the gain relative, or a parameter is outside its range.

    Warns
    -----
    UndefinedMetricWarning
        If the labels of a column lie in too few blocks for an interval: its bounds are NaN.

    See Also
    --------
    transfer_report : Multi-task against single-task errors, judged by these intervals.

    Notes
    -----
    The rows are bent to a circle and cut into blocks at random places [1]_, so that every row is
    drawn equally often. The length of the blocks is that of [2]_, counted in labels and taken
    times the rows per label. The interval is the percentile interval, widened for the number of
    blocks as in [3]_: its tails are those of Student's distribution.

    Columns are not resampled. With one column per seed, the interval speaks of the mean over
    these trained models on other rows of the same process; the spread over seeds is a matter of
    its own, to be reported beside it, since three or five seeds are too few to resample.

    If the model wins or loses all of m independent blocks, every resample excludes zero. Between
    equal models that happens with probability ``2 ** (1 - m)``, so that below
    ``1 + log2(1 / (1 - confidence_level))`` blocks with labels (6 at 95 %) no interval is given.

    References
    ----------
    .. [1] D. N. Politis, J. P. Romano, "A circular block-resampling procedure for stationary
       data", in: Exploring the Limits of Bootstrap, Wiley, 1992.
    .. [2] A. Patton, D. N. Politis, H. White, "Correction to 'Automatic block-length selection
       for the dependent bootstrap'", Econometric Reviews 28(4), 2009.
    .. [3] T. C. Hesterberg, "What teachers should know about the bootstrap", The American
       Statistician 69(4), 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import paired_block_bootstrap
    >>> rng = np.random.default_rng(0)
    >>> reference = np.convolve(rng.exponential(size=500), np.ones(10), mode="valid")
    >>> losses = 0.9 * reference + rng.normal(0, 0.1, size=491)
    >>> interval = paired_block_bootstrap(losses, reference, random_state=0)
    >>> print(f"{interval.gain:.2f}, between {interval.low:.2f} and {interval.high:.2f}")
    1.11, between 1.01 and 1.21
    """
    model, reference = _check_losses(losses, reference_losses, relative)
    check_bootstrap_parameters(block_length, n_resamples, confidence_level, n_rows=len(model))
    if block_length == "auto":
        block_length = _automatic_block_length(model, reference, relative)
    length = int(block_length)
    low, high = np.nan, np.nan
    n_blocks = _blocks_with_labels(~np.isnan(model), length)
    if n_blocks < 1 + np.log2(1 / (1 - confidence_level)):
        warnings.warn(
            f"The labels lie in {n_blocks} blocks of {length} rows, too few for an interval at the "
            f"level {confidence_level}: its bounds are NaN. Compare on more rows, or pass a "
            "shorter `block_length`.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
    else:
        means = block_resampled_means(
            np.hstack([model, reference]),
            block_length=length,
            n_resamples=n_resamples,
            random_state=random_state,
        )
        model_means, reference_means = np.split(means, 2, axis=1)
        resampled = _gain(model_means, reference_means, relative)
        low, high = _expanded_percentiles(resampled, n_blocks, confidence_level)
    gain = _gain(np.nanmean(model, axis=0), np.nanmean(reference, axis=0), relative)
    return GainInterval(float(gain), float(low), float(high))


def _gain(model_means: np.ndarray, reference_means: np.ndarray, relative: bool) -> np.ndarray:
    """Gain from the mean losses of the columns, which lie along the last axis."""
    reference = reference_means.mean(axis=-1)
    difference = reference - model_means.mean(axis=-1)
    if not relative:
        return difference
    with np.errstate(divide="ignore", invalid="ignore"):
        # A perfect reference can only be equalled: no gain, or an infinite loss.
        return np.where(difference == 0, 0.0, difference / reference)


def _expanded_percentiles(
    resampled: np.ndarray, n_blocks: int, confidence_level: float
) -> tuple[float, float]:
    """Percentiles at which a mean of `n_blocks` normal values gets Student's interval."""
    quantile = stdtrit(n_blocks - 1, (1 - confidence_level) / 2)
    level = ndtr(np.sqrt(n_blocks / (n_blocks - 1)) * quantile)
    # Resamples themselves and not values between them, of which one may be infinite
    low = np.nanquantile(resampled, level, method="lower")
    high = np.nanquantile(resampled, 1 - level, method="higher")
    return low, high


def _blocks_with_labels(observed: np.ndarray, block_length: int) -> int:
    """Count the consecutive blocks that hold a label, in the column with the fewest."""
    starts = np.arange(0, len(observed), block_length)
    return int(np.logical_or.reduceat(observed, starts, axis=0).sum(axis=0).min())


def _check_losses(
    losses: Any, reference_losses: Any, relative: bool
) -> tuple[np.ndarray, np.ndarray]:
    model = np.asarray(losses, dtype=np.float64)
    reference = np.asarray(reference_losses, dtype=np.float64)
    if model.shape != reference.shape or model.ndim not in (1, 2) or model.size == 0:
        raise ValueError(
            "`losses` and `reference_losses` must have the same shape, (n_rows,) or "
            f"(n_rows, n_columns). Got {model.shape} and {reference.shape}."
        )
    for name, values in (("losses", model), ("reference_losses", reference)):
        if np.isinf(values).any():
            raise ValueError(
                f"`{name}` must be finite, or NaN where there is none. Found an infinite loss."
            )
        if relative and (values < 0).any():
            raise ValueError(
                f"A relative gain needs losses of at least 0. `{name}` goes down to "
                f"{np.nanmin(values)}. Pass relative=False."
            )
    # A vector is a single column.
    model, reference = (values.reshape(len(values), -1) for values in (model, reference))
    observed = ~np.isnan(model + reference)
    empty = np.flatnonzero(~observed.any(axis=0))
    if len(empty):
        raise ValueError(
            f"No row has both losses in column {', '.join(map(str, empty))}. Leave it out."
        )
    return np.where(observed, model, np.nan), np.where(observed, reference, np.nan)


def check_bootstrap_parameters(
    block_length: Any, n_resamples: Any, confidence_level: Any, *, n_rows: int
) -> None:
    """Raise a `ValueError` that names the parameter outside its range."""
    if not (isinstance(block_length, str) and block_length == "auto") and not (
        _is_integer(block_length) and 1 <= block_length <= n_rows
    ):
        raise ValueError(
            "`block_length` must be 'auto' or an integer between 1 and the number of rows, "
            f"{n_rows}. Got {block_length!r}."
        )
    if not _is_integer(n_resamples) or n_resamples < 1:
        raise ValueError(f"`n_resamples` must be an integer of at least 1. Got {n_resamples!r}.")
    if not isinstance(confidence_level, Real) or not 0 < float(confidence_level) < 1:
        raise ValueError(
            f"`confidence_level` must lie between 0 and 1, such as 0.95. Got {confidence_level!r}."
        )


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _automatic_block_length(model: np.ndarray, reference: np.ndarray, relative: bool) -> int:
    """Rows of a block by the column that needs the longest."""
    n_rows = len(model)
    lengths = []
    for a, b in zip(model.T, reference.T, strict=True):
        a, b = a[~np.isnan(a)], b[~np.isnan(b)]
        # What a row adds to the gain: for a ratio of means, its linear part
        ratio = a.mean() / b.mean() if relative and b.any() else 1.0
        # Counted in labels: one every 20 rows would look independent of its 5 empty neighbours.
        lengths.append(automatic_block_length(ratio * b - a) * n_rows / len(a))
    return min(n_rows, int(np.ceil(max(lengths))))
