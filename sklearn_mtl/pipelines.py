"""Whole pipelines that follow a paper, each a function of flat parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_mtl.estimators import AttentionMMoERegressor, MSBCNNRegressor, TMoEPRegressor
from sklearn_mtl.preprocessing import (
    CalendarEncoder,
    IsolationForestFilter,
    LagFeaturizer,
    LastValueHold,
    MultirateResampler,
    ShortGapInterpolator,
)

__all__ = ["attention_mmoe_pipeline", "msbcnn_pipeline", "tmoep_pipeline"]

Steps = list[tuple[str, BaseEstimator]]


def msbcnn_pipeline(
    *,
    operator: str = "hybrid",
    pool: str = "avg",
    length: int = 12,
    scheduling: str = "on",
    scheduler: str | None = "warmup_cosine",
    max_gap: int = 3,
    calendar: Sequence[str] | None = ("year", "month", "day", "hour"),
    layout: Mapping[str, tuple[int, int]] | None = None,
    lags: int | None = None,
    coding: str = "levels",
    history: str = "edge",
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
    scheduling : {"on", "off"}, default="on"
        Whether the learning rate has a schedule (x16).
    scheduler : {"warmup_cosine", "plateau", None}, default="warmup_cosine"
        Which schedule ``scheduling="on"`` has (x17).
    max_gap : int, default=3
        Longest hole in a window that is filled, in steps of its source. With `lags`, rows for which
        a missing value takes the last known one.
    calendar : sequence of str or None, default=("year", "month", "day", "hour")
        Fields of the column ``time``, see `CalendarEncoder`. A year that was not seen in training
        counts as the nearest one. None if X has no such column.
    layout : dict of str to (int, int), default=None
        Steps and channels of each source; None reads them from the names of the columns.
    lags : int, default=None
        Rows of the past that make the windows, for a table of plain rows: one column a channel, one
        row a time. None where the rows of X are windows already.
    coding : {"levels", "differences", "differences+level"}, default="levels"
        How `lags` are written, see `LagFeaturizer`; the levels of the last of these have no time
        axis.
    history : {"edge", "exclude", "carry"}, default="edge"
        What stands in for rows before the first one, see `LagFeaturizer`. "exclude" leaves rows
        without their whole window out of the training and answers them by NaN.
    **model
        Parameters of `MSBCNNRegressor` (x4 to x24 and all others).

    Returns
    -------
    pipeline : Pipeline
        Not fitted, with the steps ``prepare``, ``scale`` and ``model``. Parameters are reached as
        ``prepare__windows__resample__operator`` or ``model__norm``.

    Raises
    ------
    ValueError
        If `scheduling` is neither "on" nor "off", or both `lags` and `layout` are given.

    See Also
    --------
    sklearn_mtl.preprocessing.align_windows : Makes X, with ``time_column=True``.
    sklearn_mtl.search.msbcnn_space : The configurations, table 4 of the paper.

    Notes
    -----
    Scaling is Min-Max (appendix B.1 of [1]_). Values outside of the range of the training rows stay
    outside of [0, 1]; nothing is clipped. Pass ``loss_weight=0.9`` for x20 = (0.9, 0.1).

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

    A table of plain rows, of which the last ten make a window:

    >>> from sklearn_mtl.datasets import make_sintering
    >>> X, y = make_sintering(100, random_state=0, return_X_y=True)
    >>> sensor = msbcnn_pipeline(lags=9, calendar=None, max_epochs=2, random_state=0)
    >>> sensor.fit(X, y).predict(X).shape
    (100, 3)
    """
    if scheduling not in ("on", "off"):
        raise ValueError(f"`scheduling` must be 'on' or 'off'. Got {scheduling!r}.")
    resample = MultirateResampler(operator, length, pool, layout)
    parts: list[tuple[str, Any, Any]] = []
    if lags is None:
        fill = ShortGapInterpolator(max_gap, along="steps")
        windows = Pipeline([("fill", fill), ("resample", resample)])
        parts.append(("windows", windows, _all_but_time))
    else:
        if layout is not None:
            raise ValueError(
                f"`layout` is {dict(layout)}, the shape of windows, but lags={lags} makes the "
                "windows of plain rows. Pass one of them."
            )
        hold = LastValueHold(max_gap)
        with_levels = coding == "differences+level"
        past = LagFeaturizer(lags, coding="differences" if with_levels else coding, history=history)
        windows = Pipeline([("hold", hold), ("lags", past), ("resample", resample)])
        parts.append(("windows", windows, _all_but_time))
        if with_levels:  # behind the windows: columns without steps
            parts.append(("levels", LastValueHold(max_gap), _all_but_time))
    if calendar is not None:  # likewise
        parts.append(("calendar", CalendarEncoder(list(calendar), outside="clip"), ["time"]))
    prepare = ColumnTransformer(parts, verbose_feature_names_out=False)
    network = MSBCNNRegressor(scheduler=scheduler if scheduling == "on" else None, **model)
    steps: Steps = [("prepare", prepare), ("scale", MinMaxScaler()), ("model", network)]
    return Pipeline(steps).set_output(transform="pandas")


def attention_mmoe_pipeline(
    *,
    lags: int | Sequence[int] | None = None,
    coding: str = "levels",
    history: str = "edge",
    contamination: float | None = 0.05,
    random_state: Any = None,
    **model: Any,
) -> Pipeline:
    """Make the pipeline of the Attention-MMoE-DLW system from a configuration.

    Outliers are left out of the training rows by an isolation forest, inputs are standardised by
    the rows that are kept, and the network predicts all targets.

    Parameters
    ----------
    lags : int or sequence of int, default=None
        Rows of the past that every row gets first; None for none, as in the paper.
    coding : {"levels", "differences", "differences+level"}, default="levels"
        How `lags` are written, see `LagFeaturizer`.
    history : {"edge", "exclude", "carry"}, default="edge"
        What stands in for rows before the first one, see `LagFeaturizer`.
    contamination : float or None, default=0.05
        Share of the training rows to leave out as outliers; None for none.
    random_state : int, RandomState instance or None, default=None
        Seed of the forest and of the network.
    **model
        Parameters of `AttentionMMoERegressor`.

    Returns
    -------
    pipeline : Pipeline
        Not fitted, with the steps ``lags`` and ``filter`` where they are asked for, ``scale`` and
        ``model``.

    See Also
    --------
    sklearn_mtl.preprocessing.IsolationForestFilter : All rows are answered in prediction.
    sklearn_mtl.search.attention_mmoe_space : The configurations of the paper.

    References
    ----------
    .. [1] "Attention-MMoE-DLW": multi-gate mixture of experts with attention and dynamic loss
       weighting, for the quality indicators of the sintering process; sections "Data cleaning" and
       "Model construction".

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_sintering
    >>> from sklearn_mtl.pipelines import attention_mmoe_pipeline
    >>> X, y = make_sintering(200, random_state=0, missing_fraction=0.3, return_X_y=True)
    >>> sensor = attention_mmoe_pipeline(n_experts=2, max_epochs=2, random_state=0)
    >>> sensor.fit(X, y).predict(X).shape
    (200, 3)
    """
    steps = _lag_steps(lags, coding, history)
    if contamination is not None:
        outliers = IsolationForestFilter(contamination, random_state=random_state)
        steps.append(("filter", outliers))
    network = AttentionMMoERegressor(random_state=random_state, **model)
    steps += [("scale", StandardScaler()), ("model", network)]
    return Pipeline(steps).set_output(transform="pandas")


def tmoep_pipeline(
    *,
    lags: int | Sequence[int] | None = 9,
    coding: str = "levels",
    history: str = "edge",
    **model: Any,
) -> Pipeline:
    """Make the pipeline of the TMoE-P system from a configuration.

    Every row gets the past of its channels, inputs are standardised by the training rows, and the
    network predicts all targets.

    Parameters
    ----------
    lags : int or sequence of int, default=9
        Rows of the past that every row gets first (eq. 19 of [1]_); None for none.
    coding : {"levels", "differences", "differences+level"}, default="levels"
        How `lags` are written, see `LagFeaturizer`. On a plant that drifts,
        "differences+level" carries over to later times better.
    history : {"edge", "exclude", "carry"}, default="edge"
        What stands in for rows before the first one, see `LagFeaturizer`. The paper drops rows
        without their whole past, which is "exclude".
    **model
        Parameters of `TMoEPRegressor`.

    Returns
    -------
    pipeline : Pipeline
        Not fitted, with the steps ``lags`` where they are asked for, ``scale`` and ``model``.

    See Also
    --------
    sklearn_mtl.search.tmoep_space : The configurations around those that the paper tries.

    Notes
    -----
    The paper does not name a scaling; its data come scaled to [0, 1].

    References
    ----------
    .. [1] L. Pan, H. Wang, Z. Chen, Y. Huang and X. Liu, "TMoE-P: Towards the Pareto Optimum for
       Multivariate Soft Sensors", section IV.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_sintering
    >>> from sklearn_mtl.pipelines import tmoep_pipeline
    >>> X, y = make_sintering(200, random_state=0, missing_fraction=0.3, return_X_y=True)
    >>> sensor = tmoep_pipeline(lags=3, n_blocks=1, max_epochs=2, random_state=0)
    >>> sensor.fit(X, y).predict(X).shape
    (200, 3)
    """
    steps = _lag_steps(lags, coding, history)
    steps += [("scale", StandardScaler()), ("model", TMoEPRegressor(**model))]
    return Pipeline(steps).set_output(transform="pandas")


def _lag_steps(lags: int | Sequence[int] | None, coding: str, history: str) -> Steps:
    if lags is None:
        return []
    return [("lags", LagFeaturizer(lags, coding=coding, history=history))]


def _all_but_time(X: Any) -> list[Any]:
    """Columns of the windows or channels: all of a table but ``time``, all of an array."""
    columns = X.columns if hasattr(X, "columns") else range(X.shape[1])
    return [column for column in columns if column != "time"]
