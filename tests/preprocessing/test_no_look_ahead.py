"""The past never sees the future: random chains of every causal step, from histories to rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.pipeline import make_pipeline

from sklearn_mtl.preprocessing import (
    CalendarEncoder,
    IsolationForestFilter,
    LagFeaturizer,
    LastValueHold,
    MultirateResampler,
    ShortGapInterpolator,
    SteadyStateFilter,
    align_windows,
)
from sklearn_mtl.preprocessing.resampling import OPERATOR_NAMES, POOLS

START = pd.Timestamp("2024-03-30 20:00", tz="Europe/Berlin")  # summer time begins inside
LOOKBACK = {"fast": "40min", "slow": "4h"}


def histories(rng):
    """A fast and a slow source with jitter, holes and missing cells."""
    sources = {}
    for name, minutes, n_rows, n_channels in (("fast", 2, 1500, 3), ("slow", 60, 50, 2)):
        minute = minutes * (np.arange(n_rows) + rng.uniform(-0.2, 0.2, n_rows))
        index = START + pd.to_timedelta(minute, unit="min")
        values = rng.normal(size=(n_rows, n_channels)).cumsum(axis=0)
        values[rng.random(values.shape) < 0.002] = np.nan
        frame = pd.DataFrame(values, index=index, columns=[f"x{k}" for k in range(n_channels)])
        sources[name] = frame[rng.random(n_rows) > 0.01]
    return sources


def random_chain(rng):
    """Steps on windows, then on rows, in a random selection."""
    steps = []
    if rng.random() < 0.5:
        steps.append(ShortGapInterpolator(max_gap=int(rng.integers(1, 5)), along="steps"))
    if rng.random() < 0.7:
        steps.append(
            MultirateResampler(
                operator=rng.choice(OPERATOR_NAMES),
                pool=rng.choice(list(POOLS)),
                length=int(rng.integers(2, 30)),
            )
        )
    windows = make_pipeline(*steps) if steps else "passthrough"
    selected = make_column_transformer(
        (windows, make_column_selector(pattern=":")),
        (CalendarEncoder(["hour", "day_of_week"]), ["time"]),
        verbose_feature_names_out=False,
    )
    rows = [
        LastValueHold(max_age=3),
        LagFeaturizer(lags=2, coding=rng.choice(["levels", "differences+level"])),
        SteadyStateFilter(max_std={0: 20}, window=4, settling=2),
        IsolationForestFilter(n_estimators=5, random_state=0, on_transform="mark"),
    ]
    kept = [step for step in rows if rng.random() < 0.6]
    return make_pipeline(selected, *kept).set_output(transform="pandas")


@pytest.mark.filterwarnings("ignore:.*rows are too few:UserWarning")
@pytest.mark.parametrize("seed", range(40))
def test_values_after_the_dead_time_change_nothing(seed):
    rng = np.random.default_rng(seed)
    sources = histories(rng)
    hours = np.sort(rng.uniform(5, 48, size=30))
    times = START + pd.to_timedelta(hours, unit="h")
    dead_time = {name: pd.Timedelta(rng.integers(0, 90), unit="min") for name in sources}
    options = {"lookback": LOOKBACK, "dead_time": dead_time, "time_column": True}
    options["max_age"] = None if seed % 2 else {"slow": "3h"}
    before = align_windows(sources, times, **options)
    chain = random_chain(rng).fit(before.X)
    rows = chain.transform(before.X)
    assert len(rows) == len(times)
    assert rows.notna().all(axis=1).any(), "nothing to see"
    now = int(rng.integers(3, 30))
    changed = {}
    for name, frame in sources.items():
        later = frame.index > times[now] - dead_time[name]
        changed[name] = frame.mask(np.broadcast_to(later[:, None], frame.shape), 1e6)
    after = chain.transform(align_windows(changed, times, **options).X)
    pd.testing.assert_frame_equal(after.iloc[: now + 1], rows.iloc[: now + 1])
    # Nor does it matter whether later rows are there at all.
    earlier = chain.transform(before.X.iloc[: now + 1])
    pd.testing.assert_frame_equal(earlier, rows.iloc[: now + 1])


def test_the_changes_are_seen_where_they_may():
    """The property above would also hold for a chain that sees nothing."""
    sources = histories(np.random.default_rng(0))
    times = START + pd.to_timedelta(np.arange(6.0, 40), unit="h")
    chain = random_chain(np.random.default_rng(1))
    before = align_windows(sources, times, LOOKBACK, time_column=True)
    rows = chain.fit(before.X).transform(before.X)
    changed = {name: frame.mask(frame.notna(), 7.0) for name, frame in sources.items()}
    after = chain.transform(align_windows(changed, times, LOOKBACK, time_column=True).X)
    assert not np.allclose(rows, after, equal_nan=True)
