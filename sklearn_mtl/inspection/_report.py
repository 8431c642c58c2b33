"""One self-contained HTML page that judges a soft sensor."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sklearn_mtl.inspection._over_time import PredictionOverTimeDisplay
from sklearn_mtl.inspection._predicted_versus_true import PredictedVersusTrueDisplay
from sklearn_mtl.inspection._residuals import ResidualDisplay
from sklearn_mtl.inspection._training_history import TrainingHistoryDisplay
from sklearn_mtl.metrics import regression_report

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 2em auto;
       padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: .3em .8em; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
.facts td { text-align: left; border: 0; padding: .1em 1em .1em 0; vertical-align: top; }
.facts td:first-child { color: #666; white-space: nowrap; }
.note { color: #555; max-width: 46em; }
.wide { overflow-x: auto; }
img { max-width: 100%; height: auto; }
""".strip()


def html_report(
    y_true: Any,
    y_pred: Any,
    *,
    title: str,
    facts: Mapping[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    times: Any = None,
    history: pd.DataFrame | None = None,
    target_names: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
) -> str:
    """Write one self-contained HTML page: metrics and pictures of a soft sensor.

    The page holds its pictures, needs no network, and can be sent by mail.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Measured and predicted values. NaN marks a value that was not measured or could not be
        predicted; the column `coverage` of the metrics counts the latter.
    title : str
        Heading of the page.
    facts : mapping of str to str, default=None
        What a reader must know to judge the figures: model, data, protocol, seed.
    tables : mapping of str to DataFrame, default=None
        Further tables by their heading, shown before the metrics: a comparison of models, say.
    times : array-like of shape (n_samples,), default=None
        Times of the rows. By default the index of `y_true` if it is a DatetimeIndex.
    history : DataFrame, default=None
        ``history_`` of the regressor; without it, the page has no pictures of the training.
    target_names : sequence of str, default=None
        By default the column names of `y_true`, or ``y0, y1, ...``.
    units : mapping of str to str, default=None
        Unit of each target.

    Returns
    -------
    page : str
        The HTML text.

    Examples
    --------
    >>> from sklearn_mtl.inspection import html_report
    >>> page = html_report([8.0, 9.0, 10.0], [8.1, 9.0, 9.8], title="FeO of line 2")
    >>> page.startswith("<!DOCTYPE html>")
    True
    """
    metrics = regression_report(y_true, y_pred, target_names=target_names, nan_prediction="skip")
    drawn: dict[str, Any] = {"target_names": target_names, "units": units}
    sections = [_heading(title), _facts(facts or {})]
    for heading, table in (tables or {}).items():
        sections.append(_section(heading, _table(table)))
    sections += [
        _section(
            "Metrics",
            _table(metrics),
            "R2 is 1 for perfect predictions and 0 for a model no better than the mean. RMSE, MAE "
            "and the largest error are in the units of the target, NMSE and NMAE relative to its "
            "scatter.",
        ),
        _section(
            "Predicted against measured",
            _image(
                PredictedVersusTrueDisplay.from_predictions(y_true, y_pred, **drawn).figure_,
                "Scatter of predicted against measured values for each target",
            ),
        ),
        _section(
            "Errors",
            _image(
                ResidualDisplay.from_predictions(y_true, y_pred, **drawn).figure_,
                "Histogram of the errors of each target",
            ),
        ),
        _section(
            "Over time",
            _image(
                PredictionOverTimeDisplay.from_predictions(
                    y_true, y_pred, times=times, **drawn
                ).figure_,
                "Measured and predicted values of each target over time",
            ),
        ),
    ]
    if history is not None:
        sections.append(
            _section(
                "Training",
                _image(
                    TrainingHistoryDisplay.from_history(history).figure_,
                    "Loss and weight of each target over the epochs",
                ),
            )
        )
    body = "\n".join(sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _heading(title: str) -> str:
    return f"<h1>{html.escape(title)}</h1>"


def _facts(facts: Mapping[str, str]) -> str:
    rows = "\n".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
        for name, text in facts.items()
    )
    return f'<table class="facts">\n{rows}\n</table>'


def _section(heading: str, content: str, note: str = "") -> str:
    explained = f'\n<p class="note">{html.escape(note)}</p>' if note else ""
    return f"<h2>{html.escape(heading)}</h2>\n{content}{explained}"


def _table(table: pd.DataFrame) -> str:
    text = table.to_html(border=0, float_format=lambda value: f"{value:.4g}", na_rep="–")
    return f'<div class="wide">{text}</div>'


def _image(figure: Any, description: str) -> str:
    """Embed a figure as PNG: a picture of thousands of points is smaller than as SVG."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    data = base64.b64encode(content.getvalue()).decode("ascii")
    return f'<img alt="{html.escape(description)}" src="data:image/png;base64,{data}">'
