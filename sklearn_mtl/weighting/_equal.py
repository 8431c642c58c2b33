"""Equal weights."""

from sklearn_mtl.weighting._base import TaskWeighting


class EqualWeighting(TaskWeighting):
    """Give every target the weight one.

    Targets are standardised inside the estimators, so equal weights are a strong reference.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.weighting import EqualWeighting
    >>> model = MMoERegressor(weighting=EqualWeighting())  # the same as weighting="equal"
    """
