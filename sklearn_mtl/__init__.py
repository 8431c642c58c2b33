"""Multi-task soft sensors for industry, as scikit-learn estimators."""

from sklearn_mtl._version import __version__

__all__ = ["__version__"]
