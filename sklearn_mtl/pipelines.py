"""Whole pipelines that follow a paper, each a function of flat parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from sklearn_mtl.estimators import MSBCNNRegressor
from sklearn_mtl.preprocessing import CalendarEncoder, MultirateResampler, ShortGapInterpolator

__all__ = ["msbcnn_pipeline"]


def msbcnn_pipeline(
    *,
    operator: str = "hybrid",
    pool: str = "avg",
    length: int = 12,
    max_gap: int = 3,
    calendar: Sequence[str] | None = ("year", "month", "day", "hour"),
    layout: Mapping[str, tuple[int, int]] | None = None,
    **model: Any,
) -> Pipeline:
    """Make the pipeline of the MS-BCNN system from a configuration.

    Short holes in the windows are filled, windows of all sources come to one length, the time of
    the sample is encoded, everything is scaled to [0, 1] by the training rows, and the network
    predicts all targets. The defaults are the exemplar configuration of the paper.

    Parameters
    ----------
    operator : str, default="hybrid"
        How windows are resampled (x1 of [1]_), see `MultirateResampler`.
    pool : {"avg", "max", "median", "weighted"}, default="avg"
        How ``operator="pool"`` sums up an interval (x2).
    length : int, default=12
        Steps of every window as the network sees it (x3).
    max_gap : int, default=3
        Longest hole in a window that is filled, in steps of its source.
    calendar : sequence of str or None, default=("year", "month", "day", "hour")
        Fields of the column ``time``, see `CalendarEncoder`. A year that was not seen in training
        counts as the nearest one. None if X has no such column.
    layout : dict of str to (int, int), default=None
        Steps and channels of each source; None reads them from the names of the columns.
    **model
        Parameters of `MSBCNNRegressor` (x4 to x24 and all others).

    Returns
    -------
    pipeline : Pipeline
        Not fitted, with the steps ``prepare``, ``scale`` and ``model``. Parameters are reached as
        ``prepare__windows__resample__operator`` or ``model__norm``.

    See Also
    --------
    sklearn_mtl.preprocessing.align_windows : Makes X, with ``time_column=True``.

    Notes
    -----
    Scaling is Min-Max (appendix B.1 of [1]_). Values outside of the range of the training rows stay
    outside of [0, 1]; nothing is clipped. Pass ``loss_weight=0.9`` for x20 = (0.9, 0.1), and
    ``scheduler=None`` for x16 = off.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, table 4 and appendix B.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_multirate_sintering
    >>> from sklearn_mtl.pipelines import msbcnn_pipeline
    >>> from sklearn_mtl.preprocessing import align_windows
    >>> plant = make_multirate_sintering(60, random_state=0)
    >>> samples = align_windows(
    ...     plant.sources,
    ...     plant.times,
    ...     plant.lookback,
    ...     plant.dead_time,
    ...     targets=plant.target,
    ...     time_column=True,
    ... )
    >>> sensor = msbcnn_pipeline(operator="pool", pool="median", max_epochs=2, random_state=0)
    >>> sensor.fit(samples.X, samples.y).predict(samples.X).shape
    (60, 5)
    """
    windows = Pipeline(
        [
            ("fill", ShortGapInterpolator(max_gap, along="steps")),
            ("resample", MultirateResampler(operator, length, pool, layout)),
        ]
    )
    parts: list[tuple[str, Any, Any]] = [("windows", windows, make_column_selector(":"))]
    if calendar is not None:  # last: columns without steps
        parts.append(("calendar", CalendarEncoder(list(calendar), outside="clip"), ["time"]))
    prepare = ColumnTransformer(parts, verbose_feature_names_out=False)
    steps = [("prepare", prepare), ("scale", MinMaxScaler()), ("model", MSBCNNRegressor(**model))]
    return Pipeline(steps).set_output(transform="pandas")
