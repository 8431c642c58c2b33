"""Methods of the selected model, offered by the search itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


def _model_has(name: str) -> Callable[[Any], bool]:
    def check(search: Any) -> bool:
        if search.refit is False:
            raise AttributeError(
                f"`{name}` needs a selected model. Found refit=False: take one by "
                "`search.select(...)`, or set `refit` to a rule."
            )
        model = getattr(search, "best_estimator_", None)
        getattr(search._example() if model is None else model, name)
        return True

    return check


class SelectedModel:
    """Mixin that passes calls on to ``best_estimator_``."""

    best_estimator_: Any

    @available_if(_model_has("predict"))
    def predict(self, X: Any, **params: Any) -> Any:
        """Predict with the selected model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to predict.
        **params
            Further arguments of the model's ``predict``.

        Returns
        -------
        y_pred : ndarray
        """
        check_is_fitted(self)
        return self.best_estimator_.predict(X, **params)

    @available_if(_model_has("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """Predict probabilities of classes with the selected model."""
        check_is_fitted(self)
        return self.best_estimator_.predict_proba(X)

    @available_if(_model_has("decision_function"))
    def decision_function(self, X: Any) -> Any:
        """Call the decision function of the selected model."""
        check_is_fitted(self)
        return self.best_estimator_.decision_function(X)

    @available_if(_model_has("transform"))
    def transform(self, X: Any) -> Any:
        """Transform with the selected model."""
        check_is_fitted(self)
        return self.best_estimator_.transform(X)

    @available_if(_model_has("score"))
    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Score the selected model by its own ``score``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like, default=None
            Targets.
        **params
            Further arguments of the model's ``score``, such as ``sample_weight``.

        Returns
        -------
        score : float
            R² over the observed labels for the estimators of this package.
        """
        check_is_fitted(self)
        return self.best_estimator_.score(X, y, **params)

    @property
    def classes_(self) -> Any:
        """Classes of the selected model, if it is a classifier."""
        return self.best_estimator_.classes_
