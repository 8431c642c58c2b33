"""Splits of plant data that keep the order of time.

For walk-forward validation use scikit-learn's ``TimeSeriesSplit(gap=...)`` first: it always tests
on rows newer than the training rows, as a deployed sensor does. `chronological_split` cuts one
table into training, validation and test part; `BlockedKFold` tests on every row once and keeps
rows that share a lag window with a test row out of the training part.
"""

from sklearn_mtl.model_selection._blocked import BlockedKFold
from sklearn_mtl.model_selection._chronological import chronological_split

__all__ = ["BlockedKFold", "chronological_split"]
