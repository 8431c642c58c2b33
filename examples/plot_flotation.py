"""
What a shuffled split promises, and what the order of time keeps
=================================================================

An iron-ore flotation plant is recorded at three rates: sensors every 20 seconds or as hourly means,
feed assays every nine hours or so, silica and iron of the concentrate every hour by a laboratory
whose results are known two hours later. The histories become one table of samples, windows of each
source brought to one length, and one model predicts both targets.

Judged on shuffled rows the sensors explain half of the variance: neighbours in time fall on both
sides of the split. In the order of time, which is how a plant meets its model, they are worse than
a constant, and what the laboratory said two hours ago carries all that is predictable here. The
comparison shows it before anyone relies on the sensors.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.datasets import fetch_flotation
from sklearn_mtl.metrics import masked_r2_score
from sklearn_mtl.preprocessing import (
    CalendarEncoder,
    MultirateResampler,
    ShortGapInterpolator,
    align_windows,
)

# %%
# Three rates
# -----------
# A sample of the raw records shows them: sensors every 20 s, feed assays some times a day, one
# result per hour. Its 43 results show how windows are cut, and are too few to judge a model.
sample = fetch_flotation(sampling="20s")
raw = align_windows(
    sample.sources, sample.times, lookback={"sensors": "1h", "feed": "6h"}, max_age={"feed": "1D"}
)
print(raw.layout)  # source: (steps, channels)

# %%
# Three histories
# ---------------
# Hourly means of the sensors cover six months. The feed assays stand in that table as held values:
# theirs is a row where they change.
plant, lab = fetch_flotation(return_X_y=True)
assays = plant[["iron_feed_pct", "silica_feed_pct"]]
sources = {
    "sensors": plant.drop(columns=assays.columns),
    "feed": assays[assays.ne(assays.shift()).any(axis=1)],
    "lab": lab,
}
RESULT_DELAY = "2h"  # not stated by the plant; results of the same day are usual

# %%
# Samples
# -------
# Past laboratory results are inputs like any other source: what is known at t was sampled before
# t - 2 h, so the delay of the results is the dead time of that source.
samples = align_windows(
    sources,
    times=lab.index,
    lookback={"sensors": "12h", "feed": "27h", "lab": "4h"},
    dead_time={"sensors": "0s", "feed": "0s", "lab": RESULT_DELAY},
    max_age={"feed": "3D"},
    targets=lab,
    result_delay=RESULT_DELAY,
    time_column=True,
)
print(samples.layout)


# %%
# One pipeline
# ------------
def soft_sensor(*names):
    """Windows of the named sources at a length of six steps, the hour of the day, the model."""
    windows = make_pipeline(
        ShortGapInterpolator(max_gap=2, along="steps").set_output(transform="pandas"),
        MultirateResampler("hybrid", length=6),
    )
    pattern = "|".join(f"^{name}:" for name in names)
    return make_pipeline(
        make_column_transformer(
            (windows, make_column_selector(pattern)), (CalendarEncoder(["hour"]), ["time"])
        ),
        StandardScaler(),
        MultiTaskRegressor(max_epochs=15, random_state=0),
    )


# %%
# Two ways to judge
# -----------------
held = samples.X[[f"lab:{name}:3" for name in lab]].set_axis(lab.columns, axis=1)
complete = samples.X.notna().all(axis=1) & lab.notna().all(axis=1)
contenders = {
    "sensors, feed": ("sensors", "feed"),
    "sensors, feed, past results": ("sensors", "feed", "lab"),
    "past results": ("lab",),
}
scores = {}
for split, shuffle in (("shuffled rows", True), ("order of time", False)):
    training, test = train_test_split(
        lab.index[complete], train_size=0.85, shuffle=shuffle, random_state=0 if shuffle else None
    )
    for name, sources_used in contenders.items():
        model = soft_sensor(*sources_used).fit(samples.X.loc[training], lab.loc[training])
        scores[name, split] = masked_r2_score(lab.loc[test], model.predict(samples.X.loc[test]))
    scores["newest known result, held", split] = masked_r2_score(lab.loc[test], held.loc[test])
table = pd.Series(scores).unstack().loc[[*contenders, "newest known result, held"]]
print(table.round(2))

# %%
# The figure
# ----------
figure, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
for split, colour in (("shuffled rows", "#8a8a8a"), ("order of time", "#0072b2")):
    ax.plot(table[split], table.index, "o", markersize=9, color=colour, label=split)
ax.hlines(table.index, table.min(axis=1), table.max(axis=1), color="#cccccc", zorder=0)
ax.axvline(0, color="black", linewidth=0.8)
ax.set(xlabel="R² on the test rows, mean of iron and silica", ylim=(3.5, -0.5))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(title="split", frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()
