"""Windows of sources with different rates, brought to one length."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._sequence_layout import window_names
from sklearn_mtl._validation import (
    Interval,
    StrOptions,
    _fit_context,
    check_features,
    has_infinity,
)
from sklearn_mtl.preprocessing._window_layout import find_windows, layout_of
from sklearn_mtl.preprocessing.resampling import OPERATOR_NAMES, POOLS, Operator, get_operator

# Rows are mapped in blocks of about this size: a block is still in a cache of the processor when
# it is read again, and large enough to make little of the cost of a call.
BLOCK_BYTES = 2**21


class MultirateResampler(TransformerMixin, BaseEstimator):
    """Bring windows of different lengths to one length, source by source.

    A row holds windows of several sources: some measured every minute, some once per shift. Each
    source's windows of T steps are mapped to `length` steps, up or down, and the channels of all
    sources stand side by side in the sequence layout of the library: channel-major, time ascending
    inside a channel. A network for sequences can then read them as one series of many channels.

    Parameters
    ----------
    operator : {"linear", "decimate_repeat", "hybrid", "pool", "conv_blurpool", "fir_lowpass"}, \
            default="hybrid"
        How windows are mapped (x1 of [1]_, eqs. 37-50):

        - "linear" interpolates between neighbouring steps;
        - "decimate_repeat" takes the nearest steps; upsampling repeats steps;
        - "hybrid" takes the nearest steps and averages each with its two neighbours, the first and
          the last one excepted; upsampling is linear;
        - "pool" sums up adjacent intervals by `pool`; upsampling repeats steps;
        - "conv_blurpool" blurs by [1, 4, 6, 4, 1] / 16 and takes the nearest steps; upsampling is
          linear, then blurred;
        - "fir_lowpass" filters out what `length` steps cannot show and takes the nearest steps;
          upsampling is linear, then a mean of up to 5 steps.
    length : int, default=12
        Number of steps of every window that comes out, at least 2.
    pool : {"avg", "max", "median", "weighted"}, default="avg"
        How "pool" sums up an interval (x2 of [1]_); the other operators do not read it. "weighted"
        is an average with triangular weights.
    layout : dict of str to (int, int), default=None
        Source -> (steps, channels), in the order of the columns. None reads it from names such as
        ``source:channel:step`` or ``channel(t-1)``; columns whose names tell nothing, as those of
        an array, are the steps of one channel.

    Attributes
    ----------
    layout_ : dict of str to (int, int)
        Source -> (steps, channels) of the rows that come in; the source is empty where neither
        `layout` nor the columns name one.
    seq_len_ : int
        Steps of each window that comes out, `length`.
    n_channels_ : int
        Channels of all sources together: rows that come out have ``n_channels_ * seq_len_``
        columns.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        If a parameter is outside its range (as `InvalidParameterError`); at fit, if `layout` does
        not add up to the columns or contradicts their names; at fit and transform, if X is not
        numeric or holds infinite values.

    Warns
    -----
    UserWarning
        At fit, if neither `layout` nor a column name tells of windows.

    See Also
    --------
    LagFeaturizer : Cuts windows from a table of regular rows.

    Notes
    -----
    *Constants* are kept by every operator. Windows that have `length` steps already are left as
    they are, except by "conv_blurpool" and "fir_lowpass", which smooth them.

    *Missing values* propagate cell by cell: an output step is NaN exactly if one of the steps that
    its equation weighs is NaN.

    *Sequence models.* The output has ``seq_len = length`` and no static columns.

    *Where the paper leaves a choice.* More steps than `length` are downsampled, as many or fewer
    upsampled; the paper says so for "pool". "weighted" gives an interval of two steps equal
    weights, where eq. 49 is 0 / 0. The low-pass filter has 2 * ceil(2 d) + 1 taps for d = T /
    `length`. Filters reflect the series at its ends, repeatedly where it is shorter than the
    kernel.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, appendix B.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.preprocessing import MultirateResampler
    >>> X = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0]])
    >>> resampler = MultirateResampler("pool", length=3, layout={"fast": (6, 1), "slow": (2, 1)})
    >>> resampler.set_output(transform="pandas").fit_transform(X)
       fast:x0:0  fast:x0:1  fast:x0:2  slow:x0:0  slow:x0:1  slow:x0:2
    0        0.5        2.5        4.5       10.0       10.0       20.0
    """

    _parameter_constraints: ClassVar[dict] = {
        "operator": [StrOptions(set(OPERATOR_NAMES))],
        "length": [Interval(Integral, 2, None, closed="left")],
        "pool": [StrOptions(set(POOLS))],
        "layout": [dict, None],
    }

    def __init__(self, operator="hybrid", length=12, pool="avg", layout=None):
        self.operator = operator
        self.length = length
        self.pool = pool
        self.layout = layout

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> MultirateResampler:
        """Learn which columns are the windows of which source.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Windows in rows: by source, channel and step, time ascending.
        y : None
            Ignored.

        Returns
        -------
        self : MultirateResampler
        """
        check_features(self, X, reset=True)
        names = getattr(self, "feature_names_in_", None)
        windows = find_windows(self.layout, names, self.n_features_in_)
        self.layout_ = layout_of(windows)
        self.seq_len_ = int(self.length)
        self._operator = self.operator, self.pool  # names: parameters may be set later
        self.n_channels_ = sum(n_channels for _, n_channels in self.layout_.values())
        self._windows_out = [source._replace(n_steps=self.seq_len_) for source in windows]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Bring every window to `length` steps.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Windows in rows, as in fit.

        Returns
        -------
        X_resampled : ndarray of shape (n_samples, n_channels_ * seq_len_)
            float32 where X is, float64 otherwise.
        """
        check_is_fitted(self)
        values = check_features(self, X, reset=False, allow_infinite=True)
        operator = get_operator(*self._operator)
        resampled = np.empty((len(values), self.n_channels_ * self.seq_len_), values.dtype)
        row_bytes = values.shape[1] * values.itemsize
        for rows in gen_batches(len(values), max(BLOCK_BYTES // row_bytes, 1)):
            # Infinity is looked for here: a pass of its own would fetch all values once more.
            if has_infinity(values[rows]):
                raise ValueError(
                    "Input X contains infinity. Pass NaN for a value that is not known."
                )
            self._resample(values[rows], operator, resampled[rows])
        return resampled

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names ``source:channel:step``, or ``channel:step`` where the source has no name.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input; they must equal those seen during fit.

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
        """
        # The public way to check names of the input; the names of the output are not one to one.
        OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        return np.array(window_names(self._windows_out), dtype=object)

    def _resample(self, rows: np.ndarray, operator: Operator, resampled: np.ndarray) -> None:
        """Map each source of some rows and write the result."""
        start, start_out = 0, 0
        for n_steps, n_channels in self.layout_.values():
            stop, stop_out = start + n_steps * n_channels, start_out + n_channels * self.seq_len_
            windows = rows[:, start:stop].reshape(-1, n_channels, n_steps)
            mapped = operator(windows, self.seq_len_)
            resampled[:, start_out:stop_out] = mapped.reshape(len(rows), -1)
            start, start_out = stop, stop_out

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
