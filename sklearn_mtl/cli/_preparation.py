"""Steps between the inputs and the model, for one table and for windows of several sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.preprocessing import (
    CalendarEncoder,
    IsolationForestFilter,
    LagFeaturizer,
    LastValueHold,
    MultirateResampler,
    ShortGapInterpolator,
)

Steps = list[tuple[str, BaseEstimator]]


@dataclass(frozen=True)
class TablePreparation:
    """Hold -> lags -> filter -> scale; None or 0 leaves a step out.

    Attributes
    ----------
    hold : int or None
        Rows for which a missing input keeps its last value.
    lags : int
        Rows of the past that the model sees.
    coding : str
        How they are coded, see `LagFeaturizer`.
    contamination : float or None
        Share of the training rows to leave out as outliers.
    """

    FILLS_GAPS: ClassVar[str] = "--hold"

    hold: int | None = None
    lags: int = 9
    coding: str = "differences+level"
    contamination: float | None = None

    def causal_steps(self) -> Steps:
        """Return steps that look at earlier rows and learn no values: they run before the split."""
        steps: Steps = []
        if self.hold:
            steps.append(("hold", LastValueHold(max_age=self.hold)))
        if self.lags:
            steps.append(("lags", LagFeaturizer(lags=self.lags, coding=self.coding)))
        return _with_names(steps)

    def learned_steps(self, seed: int) -> Steps:
        """Return the steps that are fitted on the training part alone."""
        return _with_names(_filter_and_scale(self.contamination, seed))


@dataclass(frozen=True)
class WindowPreparation:
    """Interpolate -> resample, beside calendar -> filter -> scale; None leaves a step out.

    Attributes
    ----------
    max_gap : int or None
        Longest hole of a window that is filled, in steps, see `ShortGapInterpolator`.
    operator, length, pool
        How windows are brought to one length, see `MultirateResampler`.
    calendar : sequence of str
        Fields of the time of the row that are inputs too, see `CalendarEncoder`.
    contamination : float or None
        Share of the training rows to leave out as outliers.
    """

    FILLS_GAPS: ClassVar[str] = "--max-gap"

    max_gap: int | None = None
    operator: str = "hybrid"
    length: int = 12
    pool: str = "avg"
    calendar: Sequence[str] = ()
    contamination: float | None = None

    def causal_steps(self) -> Steps:
        """Return no step: each row carries its own past, and none depends on another."""
        return []

    def learned_steps(self, seed: int) -> Steps:
        """Return all steps; they are fitted on the training part alone."""
        return _with_names(
            [("windows", self.windows_step()), *_filter_and_scale(self.contamination, seed)]
        )

    def windows_step(self) -> BaseEstimator:
        """Make windows of one length of the columns of `align_windows`, calendar columns last."""
        resample = MultirateResampler(operator=self.operator, length=self.length, pool=self.pool)
        windows: Steps = [("resample", resample)]
        if self.max_gap:
            windows.insert(0, ("fill", ShortGapInterpolator(self.max_gap, along="steps")))
        step: BaseEstimator = Pipeline(windows)
        if self.calendar:
            step = ColumnTransformer(
                [
                    ("windows", step, make_column_selector(dtype_include="number")),
                    ("calendar", CalendarEncoder(fields=tuple(self.calendar)), ["time"]),
                ],
                verbose_feature_names_out=False,
            )
        return step.set_output(transform="pandas")


Preparation = TablePreparation | WindowPreparation


def _filter_and_scale(contamination: float | None, seed: int) -> Steps:
    steps: Steps = []
    if contamination:
        steps.append(
            ("filter", IsolationForestFilter(contamination=contamination, random_state=seed))
        )
    return [*steps, ("scale", StandardScaler())]


def _with_names(steps: Steps) -> Steps:
    """Keep column names from step to step: sequence models read the windows from them."""
    return [(name, step.set_output(transform="pandas")) for name, step in steps]
