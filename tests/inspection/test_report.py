"""The page: complete, self-contained, safe against names that look like HTML."""

import base64
import re

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.inspection import html_report
from sklearn_mtl.metrics import regression_report

pytest.importorskip("matplotlib")


@pytest.fixture
def y_true():
    rng = np.random.default_rng(0)
    y = pd.DataFrame(rng.normal(size=(50, 2)), columns=["feo", "a<b & c"])
    return y.mask(rng.random(y.shape) < 0.2)


def test_page_holds_metrics_and_pictures(y_true):
    y_pred = y_true.fillna(0) + 0.1
    history = pd.DataFrame({"epoch": [1, 2], "train_loss_feo": [1.0, 0.5], "weight_feo": 1.0})
    page = html_report(
        y_true,
        y_pred,
        title="Line <2>",
        facts={"Protocol": "chronological"},
        tables={"Comparison": pd.DataFrame({"R2": [0.5]}, index=["Ridge"])},
        history=history,
    )
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 4
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert "Line &lt;2&gt;" in page
    assert "a&lt;b &amp; c" in page
    assert "<2>" not in page
    assert "Comparison" in page
    r2 = regression_report(y_true, y_pred).loc["overall", "R2"]
    assert f"{r2:.4g}" in page


def test_page_is_the_same_each_time(y_true):
    pages = [html_report(y_true, y_true, title="Sensor") for _ in range(2)]
    assert pages[0] == pages[1]


def test_rows_without_prediction_are_counted(y_true):
    y_pred = y_true.copy()
    y_pred.iloc[:10] = np.nan
    with pytest.warns(UserWarning, match="left out"):
        page = html_report(y_true, y_pred, title="Sensor")
    assert "coverage" in page
