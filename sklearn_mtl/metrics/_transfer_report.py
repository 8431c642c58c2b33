"""Whether learning the targets together helps each of them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import TimeSeriesSplit, check_cv
from sklearn.utils import check_consistent_length, check_random_state

from sklearn_mtl._validation import check_targets
from sklearn_mtl.metrics._block_bootstrap import check_bootstrap_parameters, paired_block_bootstrap
from sklearn_mtl.metrics._out_of_fold import Fold, FoldPredictions, out_of_fold_predictions

# Predictions that differ by less than this part of the largest label are the same: a solver that
# takes all targets at once rounds otherwise than one that takes a single target.
ROUNDING = 1e-10


def transfer_report(
    multi: Any,
    single: Any = None,
    X: Any = None,
    y: Any = None,
    cv: Any = None,
    *,
    block_length: int | str = "auto",
    n_resamples: int = 2000,
    confidence_level: float = 0.95,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Compare a multi-task model with one model per target, on rows neither has seen.

    Learning targets together helps some and may harm others. The report says by how much, and
    flags only what the rows bear out: *negative transfer*, a target predicted worse than alone,
    and a *seesaw*, one target better at the expense of another.

    Parameters
    ----------
    multi : estimator
        Multi-task model, fitted on all targets at once. It is cloned, not changed. Give it an
        integer `random_state` for a report that can be repeated.
    single : estimator, default=None
        Single-task model, of which a clone is fitted for every target, on a vector. By default
        the same estimator as `multi`, so that only learning together makes the difference. Pass it
        if `multi` has a parameter with one value per target, such as fixed weights.
    X : array-like or DataFrame of shape (n_samples, n_features)
        Inputs, rows in the order of time.
    y : array-like, Series or DataFrame of shape (n_samples,) or (n_samples, n_targets)
        Targets; NaN marks a label that was not measured. Both models get it with its NaN, and all
        rows: wrap a regressor that refuses NaN in :class:`sklearn_mtl.PerTargetRegressor`.
    cv : int, cross-validation splitter or iterable of (train, test), default=None
        Folds, the same for all models. None is ``TimeSeriesSplit(5)``, which trains on the past
        only, and an int unshuffled ``KFold``. If the inputs hold lags, leave a gap as long:
        ``TimeSeriesSplit(gap=...)`` or :class:`sklearn_mtl.model_selection.BlockedKFold`.
    block_length : int or "auto", default="auto"
        Consecutive rows that the bootstrap keeps together, because their errors depend on each
        other; by default read from the autocorrelation of the errors.
    n_resamples : int, default=2000
        Number of bootstrap resamples.
    confidence_level : float, default=0.95
        Level of the intervals.
    random_state : int, RandomState instance or None, default=None
        Randomness of the bootstrap alone.
    n_jobs : int, default=None
        Number of models to fit at the same time. The report does not depend on it.

    Returns
    -------
    report : DataFrame
        One row per target and a last row ``overall``. The columns are

        - ``multi_NMSE``, ``single_NMSE``: mean squared errors over the variance of the labels;
        - ``multi_RMSE``, ``single_RMSE``: root mean squared errors in the unit of the target;
        - ``relative_gain``: (single - multi) / single, of the mean squared errors; 0.1 means that
          learning together took away a tenth of the error;
        - ``gain_low``, ``gain_high``: its paired confidence interval;
        - ``negative_transfer``: whether the interval lies below zero;
        - ``seesaw``: whether the target takes part in a seesaw: its interval lies on one side
          of zero, and that of another target on the other;
        - ``folds_won``, ``folds_tied``, ``folds_lost``: folds by the smaller error, won by `multi`;
        - ``n_labels``: the number of labels in the test parts;
        - ``n_compared``: how many of them both models predict.

    Raises
    ------
    TypeError
        If X or y is not given, or a model is not an estimator.
    ValueError
        If the training part of a fold has no label of a target, a target is called "overall", a
        prediction is infinite, or a parameter is outside its range.

    Warns
    -----
    UndefinedMetricWarning
        If the labels of a target lie in too few blocks for an interval, which is NaN then.

    See Also
    --------
    regression_report : All metrics of one model.
    sklearn_mtl.PerTargetRegressor : One model per target as a single estimator.

    Notes
    -----
    ``overall`` holds the mean NMSE over the targets, its gain and interval, the sums of folds and
    labels, and flags that say whether one is up for any target. Its RMSE is NaN: errors in
    different units do not add up. A target without a compared label has a row of NaN, and one
    whose compared labels are all equal no NMSE; both are left out of ``overall``.

    The errors are those of the test parts. A row that several folds test counts once, with its
    mean squared error over these folds; a row that none tests, such as the oldest of
    ``TimeSeriesSplit``, does not count. Rows for which one of the models predicts NaN are left
    out for both.

    The intervals are those of a circular block bootstrap with the same blocks for both models.
    Every target has blocks as long as its own errors ask for; for ``overall`` the longest of them
    hold for all targets. The intervals speak of the models that were fitted, on other rows of the
    same process, and know nothing of how models would differ after another training: with small
    training parts, or networks with another seed, the verdict may be another. Confirm one that
    matters with another `random_state` of the models and other folds. A flag of negative transfer
    is false with half of the probability that `confidence_level` leaves, 2.5 %; with many
    targets, expect a false one among them.

    Equal predictions, and those that differ by rounding, are a tie and a gain of exactly zero.

    References
    ----------
    .. [1] H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel
       Multi-Task Learning Model for Personalized Recommendations", RecSys 2020 (negative
       transfer and seesaw phenomenon).

    Examples
    --------
    Three targets share a cause, which one latent variable of PLS finds better from all of them;
    the fourth has another cause and is drawn along.

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.cross_decomposition import PLSRegression
    >>> from sklearn_mtl.metrics import transfer_report
    >>> rng = np.random.default_rng(2)
    >>> X = rng.normal(size=(600, 50))
    >>> y = pd.DataFrame({name: X[:, 0] + rng.normal(size=600) for name in ("feo", "cao", "mgo")})
    >>> y["strength"] = X[:, 1] + rng.normal(size=600)
    >>> report = transfer_report(PLSRegression(n_components=1), X=X, y=y, random_state=0)
    >>> report[["relative_gain", "gain_low", "gain_high", "seesaw"]].round(2)
              relative_gain  gain_low  gain_high  seesaw
    feo                0.08      0.03       0.12    True
    cao                0.05      0.01       0.09    True
    mgo                0.10      0.06       0.14    True
    strength          -0.58     -0.76      -0.41    True
    overall           -0.08     -0.12      -0.03    True
    """
    if X is None or y is None:
        raise TypeError(
            "transfer_report needs X and y: transfer_report(multi, X=X, y=y), or with the "
            "single-task model, transfer_report(multi, single, X, y)."
        )
    single = multi if single is None else single
    for name, model in (("multi", multi), ("single", single)):
        if not (hasattr(model, "fit") and hasattr(model, "predict")):
            raise TypeError(
                f"`{name}` must be an estimator with fit and predict. Got {type(model).__name__}. "
                "Pass X and y by name if there is no `single`."
            )
    X, y = (data if hasattr(data, "shape") else np.asarray(data) for data in (X, y))
    check_consistent_length(X, y)
    targets = check_targets(y)
    if "overall" in targets.names:
        raise ValueError(
            "The row 'overall' holds the figures over all targets, so no target can be called so. "
            "Rename it."
        )
    folds = _folds(X, y, cv)
    tested = np.unique(np.concatenate([fold.test for fold in folds]))
    # Before the models are fitted, which may take hours
    check_bootstrap_parameters(block_length, n_resamples, confidence_level, n_rows=len(tested))
    bootstrap = {
        "block_length": block_length,
        "n_resamples": n_resamples,
        "confidence_level": confidence_level,
        "random_state": check_random_state(random_state).randint(np.iinfo(np.int32).max),
    }
    predictions = out_of_fold_predictions(multi, single, X, y, targets, folds, n_jobs)
    largest = np.nanmax(np.abs(targets.values), axis=0)  # exists: every fold trained on labels
    errors = [_squared_errors(fold, targets.values[fold.test], largest) for fold in predictions]
    labels = targets.values[tested]
    losses = _mean_over_folds(errors, [fold.test for fold in folds], len(targets.values))[:, tested]
    mse, nmse, gains = _figures(labels, losses, bootstrap)
    unjudged = np.array(targets.names)[np.isnan(gains[1, :-1])]
    if len(unjudged):
        warnings.warn(
            "Too few labels with predictions for an interval of the gain, which is NaN: "
            f"{', '.join(unjudged)}. Test on more rows, or pass a shorter `block_length`.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
    counts = {
        **_folds_by_winner(errors),
        "n_labels": (~np.isnan(labels)).sum(axis=0),
        "n_compared": (~np.isnan(losses[0])).sum(axis=0),
    }
    return _table(targets.names, mse, nmse, gains, counts)


def _folds(X: Any, y: Any, cv: Any) -> list[Fold]:
    splitter = check_cv(TimeSeriesSplit(5) if cv is None else cv)
    numbers = np.arange(X.shape[0])  # of masks, too
    folds = [Fold(numbers[train], numbers[test]) for train, test in splitter.split(X, y)]
    if not folds:
        raise ValueError(f"`cv` must give at least one fold. Got {cv!r}.")
    return folds


def _squared_errors(fold: FoldPredictions, labels: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Squared errors of both models, NaN unless a row has a label and both predictions.

    Returns
    -------
    errors : ndarray of shape (2, n_test, n_targets)
        Of the multi-task and the single-task models.
    """
    same = np.abs(fold.multi - fold.single) <= ROUNDING * largest
    multi = np.where(same, fold.single, fold.multi)
    errors = (np.stack([multi, fold.single]) - labels) ** 2
    errors[:, np.isnan(errors).any(axis=0)] = np.nan
    return errors


def _mean_over_folds(errors: list[np.ndarray], tests: list[np.ndarray], n_rows: int) -> np.ndarray:
    """Mean squared error of every row over the folds that test it, NaN where there is none.

    Returns
    -------
    losses : ndarray of shape (2, n_rows, n_targets)
    """
    total = np.zeros((2, n_rows, errors[0].shape[2]))
    count = np.zeros(total.shape)
    for error, test in zip(errors, tests, strict=True):
        total[:, test] += np.where(np.isnan(error), 0.0, error)
        count[:, test] += ~np.isnan(error)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _figures(
    labels: np.ndarray, losses: np.ndarray, bootstrap: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors and gains of every target, and the gain of the mean NMSE.

    Parameters
    ----------
    labels : ndarray of shape (n_tested, n_targets)
        NaN marks a label that was not measured.
    losses : ndarray of shape (2, n_tested, n_targets)
        Squared errors of the multi-task and the single-task models; NaN in both or in none.
    bootstrap : dict
        Parameters of `paired_block_bootstrap`.

    Returns
    -------
    mse, nmse : ndarray of shape (2, n_targets)
        NaN where undefined.
    gains : ndarray of shape (3, n_targets + 1)
        Relative gain and its bounds for every target and over all.
    """
    n_targets = labels.shape[1]
    mse, variance = np.full((2, n_targets), np.nan), np.full(n_targets, np.nan)
    gains = np.full((3, n_targets + 1), np.nan)
    compared = ~np.isnan(losses[0])
    with warnings.catch_warnings():
        # Whether there are enough labels is said once, with the names of the targets.
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        for k in np.flatnonzero(compared.any(axis=0)):
            mse[:, k] = np.nanmean(losses[:, :, k], axis=1)
            gains[:, k] = paired_block_bootstrap(*losses[:, :, k], relative=True, **bootstrap)
            compared_labels = labels[compared[:, k], k]
            if np.ptp(compared_labels) > 0:  # the rounded mean of a constant leaves a variance
                variance[k] = compared_labels.var()
        normalized = ~np.isnan(variance)
        if normalized.any():
            gains[:, -1] = paired_block_bootstrap(
                *(losses / variance)[:, :, normalized], relative=True, **bootstrap
            )
    return mse, mse / variance, gains


def _folds_by_winner(errors: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Count the folds in which the multi-task model has the smaller error, for every target.

    A fold without a compared label of the target counts for none.
    """
    multi, single = np.array([np.nansum(error, axis=1) for error in errors]).swapaxes(0, 1)
    compared = np.array([~np.isnan(error[0]).all(axis=0) for error in errors])
    outcomes = {
        "folds_won": multi < single,  # (n_folds, n_targets)
        "folds_tied": multi == single,
        "folds_lost": multi > single,
    }
    return {name: (outcome & compared).sum(axis=0) for name, outcome in outcomes.items()}


def _table(
    names: list[str],
    mse: np.ndarray,
    nmse: np.ndarray,
    gains: np.ndarray,
    counts: dict[str, np.ndarray],
) -> pd.DataFrame:
    """Put the figures into columns, add the flags and what is known over all targets."""
    gain, low, high = gains
    better, worse = low[:-1] > 0, high[:-1] < 0  # a bound of NaN is neither
    seesaw = (better | worse) & better.any() & worse.any()
    return pd.DataFrame(
        {
            "multi_NMSE": [*nmse[0], pd.Series(nmse[0]).mean()],  # of those that are defined
            "single_NMSE": [*nmse[1], pd.Series(nmse[1]).mean()],
            "multi_RMSE": [*np.sqrt(mse[0]), np.nan],
            "single_RMSE": [*np.sqrt(mse[1]), np.nan],
            "relative_gain": gain,
            "gain_low": low,
            "gain_high": high,
            "negative_transfer": [*worse, worse.any()],
            "seesaw": [*seesaw, seesaw.any()],
            **{name: [*values, values.sum()] for name, values in counts.items()},
        },
        index=[*names, "overall"],
    )
