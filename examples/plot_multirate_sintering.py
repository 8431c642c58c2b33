"""
What made a sample of sinter, and when it is known
==================================================

The sinter that is sampled at a time t left the strand 90 minutes earlier. What made it is told by
records at three rates, all of them before that; what it is made of is known hours later. In the
meantime the plant drifts, changes its ores and stops.

"""

# %%
# A plant with drift, and the same plant without
# ----------------------------------------------
# With the same seed both have the same stops, recipes and disturbances. The difference between the
# two truths is what the slow change of the materials does.

from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.dates import ConciseDateFormatter

from sklearn_mtl.datasets import make_multirate_sintering

plant = make_multirate_sintering(random_state=4)
still = make_multirate_sintering(random_state=4, drift=0.0)

# %%
# One sample, and the whole campaign
# ----------------------------------
# Above: shaded is the window of each source that made one sample, here one that was taken soon
# after a stop of the strand. Below: all samples, without those that a stop spoils.

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8a8a8a"
REGIMES = ("#ffffff", "#e9f2f9", "#faf0e2", "#e8f5ef")

# The first sample after the first stop in December that is known without a retest.
waiting = plant.available_at - plant.times
candidates = plant.startup_mask & (waiting < pd.Timedelta("4h"))
after_stop = candidates & (plant.times.to_series().diff() > pd.Timedelta("4h"))
t = after_stop.loc["2024-12-01":].idxmax()
end, known = t - plant.dead_time, plant.available_at[t]

figure = plt.figure(figsize=(9, 8.2), layout="constrained")
grid = figure.add_gridspec(4, 1, height_ratios=[1, 1, 1, 1.9])
records = [
    ("raw_material", "coke", "coke [%]\nper 8 h shift"),
    ("thermal", "btp_temperature", "burn-through\ntemperature [C]\nper minute"),
    ("equipment", "strand_speed", "strand speed\n[m/min]\nper 5 minutes"),
]
axes = []
for row, (source, name, label) in enumerate(records):
    ax = figure.add_subplot(grid[row], sharex=axes[0] if axes else None)
    axes.append(ax)
    values = plant.sources[source][name][end - pd.Timedelta("26h") : known]
    if source == "raw_material":  # a value holds until the next shift
        ax.step(values.index, values, where="post", color=GREY)
        ax.plot(values.index, values, "o", color=BLUE)
    else:
        ax.plot(values.index, values, ".", markersize=2.5, color=BLUE)
    ax.axvspan(end - plant.lookback[source], end, color=ORANGE, alpha=0.18, linewidth=0)
    for moment in (end, t, known):
        ax.axvline(moment, color=ORANGE, linewidth=1)
    ax.set_ylabel(label)
    ax.tick_params(labelbottom=row == 2)
axes[0].set_xlim(end - pd.Timedelta("25.5h"), known + pd.Timedelta("1.5h"))
for moment, text, side, height in (
    (end, "leaves the strand", "right", 1.03),
    (t, "is sampled", "center", 1.16),
    (known, "is known", "left", 1.03),
):
    place = {"xycoords": ("data", "axes fraction"), "ha": side, "va": "bottom"}
    axes[0].annotate(text, (moment, height), color=ORANGE, **place)

campaign = figure.add_subplot(grid[3])
regime = plant.regime
changes = regime.index[regime.ne(regime.shift())].append(regime.index[-1:])
for begin, stop in pairwise(changes):
    campaign.axvspan(begin, stop, color=REGIMES[regime[begin]], linewidth=0)
steady = ~plant.startup_mask
campaign.plot(plant.target["sio2"][steady], ".", markersize=2, color=GREY, label="laboratory")
for truth, colour, label in (
    (still, GREEN, "truth without drift"),
    (plant, BLUE, "truth"),
):
    smooth = truth.noise_free_target["sio2"][steady].rolling("24h").median()
    campaign.plot(smooth, color=colour, linewidth=1.4, label=label)
low = campaign.get_ylim()[0]
spoilt = plant.times[plant.startup_mask]
campaign.plot(spoilt, [low] * len(spoilt), "|", color=ORANGE, markersize=9, label="stop or start")
campaign.set_ylabel("SiO2 [wt%]")
campaign.set_xlim(plant.times[0], plant.times[-1])
campaign.legend(loc="upper left", ncols=4, frameon=False, markerscale=2)
campaign.set_title("Background: the ore stockpile in use", loc="right", fontsize="medium")
for ax in figure.axes:
    ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
