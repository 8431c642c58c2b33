"""From raw plant histories to rows for a soft sensor.

Histories at different rates and a laboratory's table become samples first: `parse_lab` and
`align_windows`. The documented order of a pipeline is then: fill (`ShortGapInterpolator` inside
windows, `LastValueHold` in a table at one rate), bring windows to one length
(`MultirateResampler`) or add lags (`LagFeaturizer`), encode the time (`CalendarEncoder`), exclude
stops (`SteadyStateFilter`) and outliers (`IsolationForestFilter`), scale, model.

A step excludes a row by making it NaN, because a scikit-learn pipeline cannot drop rows; the
regressors of this library leave such rows out at fit and answer NaN for them at predict. An imputer
placed *after* a filter would fill the excluded rows with made-up values and return them to the
training data: fill first. Call ``pipeline.set_output(transform="pandas")``, so that every step sees
the index and the names of the columns, which tell gaps and windows.
"""

from sklearn_mtl.preprocessing._align_windows import align_windows
from sklearn_mtl.preprocessing._calendar import CalendarEncoder
from sklearn_mtl.preprocessing._isolation_forest import IsolationForestFilter
from sklearn_mtl.preprocessing._lab import parse_lab
from sklearn_mtl.preprocessing._lags import LagFeaturizer
from sklearn_mtl.preprocessing._last_value_hold import LastValueHold
from sklearn_mtl.preprocessing._multirate_resampler import MultirateResampler
from sklearn_mtl.preprocessing._short_gap_interpolator import ShortGapInterpolator
from sklearn_mtl.preprocessing._steady_state import SteadyStateFilter

__all__ = [
    "CalendarEncoder",
    "IsolationForestFilter",
    "LagFeaturizer",
    "LastValueHold",
    "MultirateResampler",
    "ShortGapInterpolator",
    "SteadyStateFilter",
    "align_windows",
    "parse_lab",
]
