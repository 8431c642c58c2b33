"""What the displays draw is what was given: points, lines, names, units, gaps."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import PerTargetRegressor, SharedBottomRegressor
from sklearn_mtl.inspection import (
    PredictedVersusTrueDisplay,
    PredictionOverTimeDisplay,
    ResidualDisplay,
    TrainingHistoryDisplay,
)

pytest.importorskip("matplotlib")
OF_PREDICTIONS = [PredictedVersusTrueDisplay, ResidualDisplay, PredictionOverTimeDisplay]


@pytest.fixture
def plant():
    """X, y with names and gaps, and a fitted pipeline."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=60, freq="1h")
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"), index=index)
    y = pd.DataFrame({"feo": X["a"] + X["b"], "strength": X["b"] - X["c"]}, index=index)
    y = y.mask(rng.random(y.shape) < 0.3)
    return X, y, make_pipeline(StandardScaler(), PerTargetRegressor(Ridge())).fit(X, y)


@pytest.mark.parametrize("display", OF_PREDICTIONS)
def test_one_panel_per_target(plant, display):
    X, y, pipeline = plant
    drawn = display.from_estimator(pipeline, X, y)
    assert len(drawn.axes_) == 2
    assert drawn.target_names == ["feo", "strength"]
    assert drawn.figure_ is drawn.axes_[0].figure


@pytest.mark.parametrize("display", OF_PREDICTIONS)
def test_from_predictions_equals_from_estimator(plant, display):
    X, y, pipeline = plant
    one = display.from_estimator(pipeline, X, y)
    two = display.from_predictions(y, pipeline.predict(X))
    np.testing.assert_array_equal(one.y_pred, two.y_pred)
    assert one.target_names == two.target_names


@pytest.mark.parametrize("display", OF_PREDICTIONS)
def test_own_axes(plant, display):
    from matplotlib.figure import Figure

    X, y, pipeline = plant
    axes = Figure().subplots(1, 2)
    assert display.from_estimator(pipeline, X, y, axes=axes).axes_ == list(axes)
    with pytest.raises(ValueError, match=r"`axes` must hold 2 axes. Got 1"):
        display.from_estimator(pipeline, X, y, axes=axes[0])


@pytest.mark.parametrize("display", OF_PREDICTIONS)
def test_one_dimension(display):
    drawn = display.from_predictions(np.arange(5.0), np.arange(5.0) + 0.1)
    assert drawn.target_names == ["y0"]


@pytest.mark.parametrize("display", OF_PREDICTIONS)
def test_a_target_without_labels_is_an_empty_panel(display):
    y_true = np.column_stack([np.arange(5.0), np.full(5, np.nan)])
    assert len(display.from_predictions(y_true, np.zeros((5, 2))).axes_) == 2


@pytest.mark.parametrize("display", OF_PREDICTIONS)
@pytest.mark.parametrize(
    ("y_pred", "names", "message"),
    [
        (np.zeros((5, 3)), None, "same number of targets"),
        (np.zeros((4, 2)), None, "inconsistent numbers of samples"),
        (np.zeros((5, 2)), ["feo"], "one name for each of the 2 targets"),
    ],
)
def test_wrong_shapes(display, y_pred, names, message):
    with pytest.raises(ValueError, match=message):
        display.from_predictions(np.zeros((5, 2)), y_pred, target_names=names)


def test_pairs_with_a_gap_are_left_out():
    y_true = np.array([1.0, np.nan, 3.0, 4.0])
    y_pred = np.array([1.1, 2.0, np.nan, 4.2])
    drawn = PredictedVersusTrueDisplay.from_predictions(
        y_true, y_pred, target_names=["feo"], units={"feo": "%"}
    )
    ax = drawn.axes_[0]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[1.0, 1.1], [4.0, 4.2]])
    assert ax.get_xlabel() == "measured [%]"
    assert ax.get_xlim() == ax.get_ylim()


def test_area_of_the_histogram_is_the_share_shown():
    errors = np.random.default_rng(0).standard_t(2, size=1000)  # far outliers
    drawn = ResidualDisplay.from_predictions(np.zeros(1000), errors)
    bars = drawn.axes_[0].patches
    area = sum(bar.get_width() * bar.get_height() for bar in bars)
    assert area == pytest.approx(0.995)
    assert "5 outside" in drawn.axes_[0].texts[0].get_text()


def test_perfect_predictions_have_a_histogram():
    ResidualDisplay.from_predictions(np.zeros(10), np.zeros(10))


def test_times_come_from_the_index_or_the_caller(plant):
    X, y, pipeline = plant
    drawn = PredictionOverTimeDisplay.from_estimator(pipeline, X, y)
    assert drawn.axes_[-1].get_xlabel() == "time"
    assert drawn.times.equals(y.index)
    drawn = PredictionOverTimeDisplay.from_predictions(y, y, times=np.arange(100, 160))
    assert drawn.axes_[-1].get_xlabel() == "row"
    with pytest.raises(ValueError, match=r"`times` must have 60 entries. Got 3"):
        PredictionOverTimeDisplay.from_predictions(y, y, times=[1, 2, 3])


def test_history_of_a_network_in_a_pipeline(plant):
    X, y, _ = plant
    network = SharedBottomRegressor(max_epochs=3, random_state=0)
    drawn = TrainingHistoryDisplay.from_estimator(
        make_pipeline(StandardScaler(), network).fit(X, y)
    )
    assert drawn.target_names == ["feo", "strength"]
    losses, weights = drawn.axes_
    assert len(losses.lines) == 4  # training and validation
    np.testing.assert_allclose(
        weights.lines[0].get_ydata(), network.history_["weight_feo"].to_numpy()
    )


def test_history_without_validation_part():
    history = pd.DataFrame(
        {"epoch": [1, 2], "train_loss_feo": [1.0, 0.5], "valid_loss_feo": [np.nan, np.nan]}
    )
    drawn = TrainingHistoryDisplay.from_history(history.assign(weight_feo=1.0))
    assert len(drawn.axes_[0].lines) == 1


def test_logged_gradients_get_a_panel_of_their_own():
    history = pd.DataFrame({"epoch": [1, 2]})
    for name in ("feo", "rdi"):
        history = history.assign(**{f"train_loss_{name}": [1.0, 0.5], f"weight_{name}": 1.0})
    history["gradient_cosine_feo|rdi"] = [0.4, -0.2]
    drawn = TrainingHistoryDisplay.from_history(history)
    assert len(drawn.axes_) == 3
    line = drawn.axes_[2].lines[0]
    np.testing.assert_array_equal(line.get_ydata(), [0.4, -0.2])
    assert line.get_label() == "feo, rdi"
    without = TrainingHistoryDisplay.from_history(history.drop(columns="gradient_cosine_feo|rdi"))
    assert len(without.axes_) == 2


def test_no_history(plant):
    _, _, pipeline = plant
    with pytest.raises(ValueError, match="keeps no history_"):
        TrainingHistoryDisplay.from_estimator(pipeline)
    with pytest.raises(ValueError, match="must have columns train_loss_<target>"):
        TrainingHistoryDisplay(pd.DataFrame({"epoch": [1]}))


def test_drawing_touches_neither_pyplot_nor_the_import_of_the_package():
    code = (
        "import sys, sklearn_mtl.inspection as inspection\n"
        "assert 'matplotlib' not in sys.modules\n"
        "inspection.ResidualDisplay.from_predictions([1.0, 2.0, 3.0], [1.0, 2.1, 2.9])\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
