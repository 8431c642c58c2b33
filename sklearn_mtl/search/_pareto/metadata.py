"""Where the further arguments of a search's ``fit`` go: estimator, scorers, splitter."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.validation import _check_method_params

from sklearn_mtl.search._pareto.objectives import Objective


class RoutedParams(NamedTuple):
    """Arguments by receiver."""

    fit: Mapping[str, Any]
    score: Mapping[str, Any]
    split: Mapping[str, Any]


def route(
    search: Any, X: Any, params: Mapping[str, Any], objectives: Sequence[Objective]
) -> RoutedParams:
    """Share out the arguments of ``fit`` as scikit-learn's searches do.

    With metadata routing enabled everyone gets what it requested. Otherwise the splitter gets
    ``groups``, the estimator all others, and those scorers that take it ``sample_weight`` too.

    Parameters
    ----------
    search : ParetoSearchCV
    X : array-like
    params : dict
    objectives : sequence of Objective

    Returns
    -------
    routed : RoutedParams
    """
    checked = _check_method_params(X, params=params)
    if _routing_enabled():
        routed = process_routing(search, "fit", **checked)
        scorer = routed.scorer.score if "scorer" in routed else {}
        return RoutedParams(routed.estimator.fit, scorer, routed.splitter.split)
    groups = checked.pop("groups", None)
    weight = checked.get("sample_weight")
    score: dict[str, Any] = {}
    if weight is not None:
        scorers = {o.name: o.scorer for o in objectives if o.scorer is not None}
        deaf = [name for name, scorer in scorers.items() if not scorer._accept_sample_weight()]
        if deaf:
            warnings.warn(
                f"`sample_weight` is not used by {', '.join(deaf)}, which cannot take it.",
                UserWarning,
                stacklevel=4,
            )
        if len(deaf) < len(scorers):
            score = {"sample_weight": weight}
    return RoutedParams(checked, score, {"groups": groups})


def router(search: Any, estimator: Any, objectives: Sequence[Objective]) -> MetadataRouter:
    """Describe the routing to scikit-learn.

    Parameters
    ----------
    search : ParetoSearchCV
    estimator : estimator
    objectives : sequence of Objective

    Returns
    -------
    router : MetadataRouter
    """
    result = MetadataRouter(owner=search)
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    result.add(estimator=estimator, method_mapping=to_fit)
    if scorers := {o.name: o.scorer for o in objectives if o.scorer is not None}:
        to_score = MethodMapping().add(caller="fit", callee="score")
        result.add(scorer=check_scoring(None, scorers), method_mapping=to_score)
    to_split = MethodMapping().add(caller="fit", callee="split")
    result.add(splitter=search.cv, method_mapping=to_split)
    return result
