"""Search over any estimator that ends with a Pareto front of fitted models."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import get_tags, indexable
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mtl._validation import HasMethods, Interval, StrOptions, _fit_context
from sklearn_mtl.search._engine.early_stopping import reference_point
from sklearn_mtl.search._engine.hypervolume import hypervolume_growth
from sklearn_mtl.search._pareto.front_estimators import FrontEstimators
from sklearn_mtl.search._pareto.goals import Goals, find_goals
from sklearn_mtl.search._pareto.metadata import route, router
from sklearn_mtl.search._pareto.progress import feasible_losses, warn_if_too_short
from sklearn_mtl.search._pareto.run_trials import run_trials
from sklearn_mtl.search._pareto.search_outcome import check_outcome
from sklearn_mtl.search._pareto.search_results import (
    front_frame,
    front_rows,
    losses_of,
    results_table,
)
from sklearn_mtl.search._pareto.search_setup import estimator_and_space, set_up
from sklearn_mtl.search._pareto.selected_model import SelectedModel
from sklearn_mtl.search._pareto.selection_rules import SELECTION_RULES, Front, selection_rule
from sklearn_mtl.search._pareto.splits import splits_of
from sklearn_mtl.search._pareto.study import in_memory
from sklearn_mtl.search._pareto.trial_records import records_of
from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._studies.samplers import POPULATION_SIZE, SAMPLERS


class ParetoSearchCV(SelectedModel, MetaEstimatorMixin, BaseEstimator):
    """Search for the Pareto front of models: error against size, time or whatever else counts.

    Where ``GridSearchCV`` ends with the one best model, this search ends with all models that no
    other tried one beats in every objective, for example the best one of every size. One of them is
    selected by a rule; the others stay at hand.

    Parameters
    ----------
    estimator : estimator or ConfigurationSpace
        Any estimator or Pipeline, whose parameters `space` names; or a space that makes its own
        pipelines.
    space : ConfigurationSpace or dict, default=None
        Parameters to search, by their names in ``estimator.set_params``. In a dict a list holds
        candidates, a tuple ``(low, high)`` is a range, and distributions of Optuna say more.
    objectives : sequence of str and callable, default=("mse", "n_parameters")
        One to three objectives, the error first. Minimised: the errors "mse", "rmse", "mae",
        "nmse" and "nmae", which are means over targets and pass over missing labels,
        "n_parameters", "fit_time" (seconds) and "predict_latency" (seconds for one row); see the
        notes.
        Maximised: "r2", which passes over missing labels too, the names of scikit-learn's scorers,
        and functions ``(estimator, X, y) -> score``. An objective is its mean over the splits.
        Scorers of one metric are named with their arguments, such as
        ``neg_mean_pinball_loss(alpha=0.1)``; ``scorer.__name__ = ...`` gives another name.
    constraints : sequence of str or tuple, default=()
        Limits such as ``"n_parameters <= 20_000"`` or ``("fit_time", "<", 60)``, also on what is
        no objective. Configurations beyond a limit are kept, but never on the front.
    sampler : {"phmoea", "nsga2", "nsga3", "tpe", "random"} or sampler of Optuna, default="phmoea"
        What proposes configurations. An instance is copied, and keeps its own seed; its settings
        do not make a search another one.
    n_trials : int, default=100
        Number of finished trials in the study, those of earlier runs included. Fewer, if the space
        holds no more configurations, or the first ten trials failed with the same error.
    cv : int, splitter, iterable or None, default=None
        Splits on which configurations are compared. None trains on the older four fifths of the
        rows and compares on the newest fifth; integers, splitters and lists of ``(train, test)``
        as in scikit-learn.
    refit : {"knee", "best_error", "smallest", "smallest_within"}, callable or False, \
default="knee"
        Rule by which the model is selected that predicts, as in `select`; False to select none.
    storage : str, storage of Optuna or None, default=None
        Where trials are kept: the path of a journal file, a URL such as ``"sqlite:///search.db"``
        or ``"postgresql+psycopg://..."``, or a storage; None for memory. The same search with the
        same storage goes on where the earlier one ended, several processes may work on it at once,
        and the trial of one that was killed is run again.
    study_name : str or None, default=None
        Name of the study in the storage. None names it after the data, the splits, the estimator,
        `space`, `objectives`, `constraints`, `sampler` and an integer `random_state`: a search that
        differs in any of them begins a study of its own. A study of a given name is refused if it
        was made for other data, estimators, spaces, objectives or constraints.
    n_jobs : int or None, default=1
        Number of processes that train; -1 for all cores.
    timeout : float or None, default=None
        Seconds after which no new trial is begun.
    callbacks : sequence of callable, default=()
        Called as ``callback(study, trial)`` after every trial.
    early_stopping : bool or int, default=False
        Whether to stop when the front no longer gets better over eight generations (appendix A.8
        of [1]_); an integer says how many trials count as a generation, which is 20 otherwise. It
        takes nine of them at least, so that True needs more than 180 trials.
    learning_curve_stop : bool, default=False
        Whether to end a training that falls behind: after five epochs, when its best validation
        loss is above the median of earlier trainings at the same epoch, with the same loss and, if
        "n_parameters" is an objective, with networks no larger.
    random_state : int, RandomState instance or None, default=None
        Seed of the sampler and of the estimators. With ``n_jobs=1`` and no other process on the
        study, the same seed gives the same front, unless times are among the objectives.
    error_score : "raise" or float, default=nan
        What stands in ``cv_results_`` where a trial failed; "raise" ends the search there.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    pareto_front_ : DataFrame
        One row per model of the front, the best first objective first: its parameters, with
        NaN where one does not count, everything measured, and ``trial``, its number. Of models with
        equal objectives only the first is kept.
    pareto_estimators_ : sequence of estimator
        The models of these rows, fitted on all rows of X when they are first asked for, and then
        kept; ``best_estimator_`` is one of them. X and y must not have been changed until then.
    cv_results_ : dict of str to array
        All finished trials as in scikit-learn's searches; ``rank_test_score`` is 1 on the front.
        Further keys: ``trial``, ``state`` ("complete", "pruned" or "failed"), ``feasible`` and
        ``error``, what a failed trial raised.
    study_ : optuna.Study
        The study, with every trial.
    best_estimator_ : estimator
        The selected model, fitted on all rows. This and the next four only if `refit` is not False.
    best_params_ : dict
        Its configuration.
    best_index_ : int
        Its row in ``cv_results_``.
    best_front_index_ : int
        Its row in ``pareto_front_``.
    refit_time_ : float
        Seconds of its training.
    objective_names_ : list of str
        Names of the objectives, as the columns of ``pareto_front_`` bear them.
    interrupted_ : bool
        Whether Ctrl-C ended the search.
    n_splits_ : int
        Number of splits.
    n_features_in_ : int
        Number of inputs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the inputs, if X had string column names.

    Raises
    ------
    ValueError
        At fit, if every trial failed or none keeps the constraints; ``study_`` and ``cv_results_``
        tell what was tried.

    Warns
    -----
    FitFailedWarning
        If some trials failed.

    See Also
    --------
    PHMOEA : The default search by itself.
    sklearn.model_selection.GridSearchCV : One objective, all combinations.

    Notes
    -----
    Every ``random_state`` inside the estimator that is None or an integer is derived from the seed
    of the search and from the configuration. The same configuration so gives the same result in
    every trial and process. It is never trained twice in a study: what is known of it is used
    again, and a trial that meets a configuration that another process is training is pruned.

    "n_parameters" is what was fitted: ``n_parameters_`` of this package's networks, the weights,
    coefficients and intercepts of scikit-learn's linear models and multilayer perceptron (zeros of
    weights and coefficients not counted), the last step of a Pipeline and the sum over the members
    of an ensemble or a model of several targets. For other models, such as trees, pass a function.
    For "fit_time" every process trains its first model of a kind once more beforehand, so that no
    imports are timed.

    Ctrl-C ends the search, not the program: what was found until then is used, with a warning, and
    the configuration that was in training is the first one of a search that goes on. Before the
    first result it is passed on, and so is a second Ctrl-C, also during the last fit.

    With a `storage`, the trial of a process of the same machine (Linux) is taken over as soon as
    that process has ended. Other processes are heard of every half minute, and their trials are
    taken over after five minutes of silence.

    A fitted search holds its training data, not copied, for models not yet fitted. A pickle does
    not, and has the trials without a connection to their storage.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610.

    Examples
    --------
    The fewer coefficients, the larger the error:

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Lasso
    >>> from sklearn_mtl.search import ConfigurationSpace, Continuous, ParetoSearchCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> space = ConfigurationSpace([Continuous("alpha", 1e-2, 2.0, log=True)])
    >>> search = ParetoSearchCV(Lasso(), space, sampler="random", n_trials=30, random_state=0)
    >>> search.fit(X, y).front_table().round(2)
               mse  n_parameters  mse / best      selected by
    trial
    23     2944.98           9.0        1.00       best_error
    2      2961.76           8.0        1.01  smallest_within
    21     3049.47           7.0        1.04
    28     3232.39           5.0        1.10             knee
    7      4003.68           3.0        1.36         smallest
    >>> search.predict(X[:2]).round()
    array([199.,  85.])
    >>> search.select("smallest_within", tolerance=0.05).coef_.astype(int)
    array([   0, -100,  511,  246,    0,    0, -188,    0,  451,    8])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit"]), ConfigurationSpace],
        "space": [ConfigurationSpace, Mapping, None],
        "objectives": [list, tuple],
        "constraints": [list, tuple],
        "sampler": [StrOptions(set(SAMPLERS)), BaseSampler],
        "n_trials": [Interval(Integral, 1, None, closed="left")],
        "cv": ["cv_object"],
        "refit": [StrOptions(set(SELECTION_RULES)), callable, "boolean"],
        "storage": [str, BaseStorage, None],
        "study_name": [str, None],
        "n_jobs": [Integral, None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "callbacks": [list, tuple],
        "early_stopping": ["boolean", Interval(Integral, 1, None, closed="left")],
        "learning_curve_stop": ["boolean"],
        "random_state": ["random_state"],
        "error_score": [StrOptions({"raise"}), Real],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: Any,
        space: ConfigurationSpace | Mapping[str, Any] | None = None,
        *,
        objectives: Sequence[str | Callable[..., float]] = ("mse", "n_parameters"),
        constraints: Sequence[str | tuple[str, str, float]] = (),
        sampler: str | BaseSampler = "phmoea",
        n_trials: int = 100,
        cv: Any = None,
        refit: str | Callable[[pd.DataFrame], int] | bool = "knee",
        storage: str | BaseStorage | None = None,
        study_name: str | None = None,
        n_jobs: int | None = 1,
        timeout: float | None = None,
        callbacks: Sequence[Callable[..., Any]] = (),
        early_stopping: bool | int = False,
        learning_curve_stop: bool = False,
        random_state: Any = None,
        error_score: float | str = np.nan,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.space = space
        self.objectives = objectives
        self.constraints = constraints
        self.sampler = sampler
        self.n_trials = n_trials
        self.cv = cv
        self.refit = refit
        self.storage = storage
        self.study_name = study_name
        self.n_jobs = n_jobs
        self.timeout = timeout
        self.callbacks = callbacks
        self.early_stopping = early_stopping
        self.learning_curve_stop = learning_curve_stop
        self.random_state = random_state
        self.error_score = error_score
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> ParetoSearchCV:
        """Search, and fit the selected model on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; in the order of time, if `cv` is None.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Targets; NaN marks a value that was not measured, if the estimator takes it.
        **params
            Further arguments of the estimator's ``fit``, for example ``sample_weight``, which
            scorers get too; ``groups`` goes to the splitter. With metadata routing enabled they go
            where they are requested.

        Returns
        -------
        self : object
            Fitted search.

        Raises
        ------
        ValueError
            If parameters are wrong or do not fit the estimator or the data, the study was made for
            something else, every trial failed or none keeps the constraints.
        """
        for name in [name for name in vars(self) if name.endswith("_") and name[0] != "_"]:
            delattr(self, name)  # a search that fails leaves nothing of an earlier one
        if wrong := [callback for callback in self.callbacks if not callable(callback)]:
            raise ValueError(f"`callbacks` must be functions (study, trial). Got {wrong[0]!r}.")
        goals = self._goals()
        estimator, space = estimator_and_space(self.estimator, self.space)
        if y is None and get_tags(self).target_tags.required:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        X, y = indexable(X, y)
        validate_data(self, X, skip_check_array=True)
        routed = route(self, X, params, goals.measured)
        splits = splits_of(self.cv, self._example(), X, y, **routed.split)
        self.study_, evaluator = set_up(self, estimator, space, goals, X, y, splits, routed)
        generation = POPULATION_SIZE if self.early_stopping is True else int(self.early_stopping)
        if generation:
            warn_if_too_short(self.n_trials, generation)
        run = run_trials(
            self.study_,
            evaluator,
            goals,
            n_trials=self.n_trials,
            n_jobs=self.n_jobs,
            timeout=self.timeout,
            callbacks=self.callbacks,
            generation=generation,
            raises=self.error_score == "raise",
            shows_progress=bool(self.verbose),
        )
        self.objective_names_ = [objective.name for objective in goals.objectives]
        self.interrupted_ = run.interrupted
        records = records_of(self.study_, space)
        missing = np.nan if self.error_score == "raise" else float(self.error_score)
        self.n_splits_ = len(splits)
        self.cv_results_ = results_table(records, goals, self.n_splits_, missing)
        check_outcome(records, goals, run.last_error)

        rows = front_rows(records, goals.objectives)
        front = [records[row] for row in rows]
        self.pareto_front_ = front_frame(front, goals.measured)
        self.pareto_estimators_ = FrontEstimators(
            evaluator.make, [record.config for record in front], X, y, routed.fit
        )
        self._front = Front(losses_of(front, goals.objectives), goals.size)
        if self.refit is not False:
            self._refit(rows)
        return self

    def _refit(self, rows: Sequence[int]) -> None:
        rule: Any = "knee" if self.refit is True else self.refit
        self.best_front_index_ = self.select_index(rule)
        self.best_index_ = rows[self.best_front_index_]
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        start = time.perf_counter()
        self.best_estimator_ = self.pareto_estimators_[self.best_front_index_]
        self.refit_time_ = time.perf_counter() - start

    def select_index(self, rule: str | Callable[..., int] = "knee", **options: Any) -> int:
        """Select a model of the front.

        Parameters
        ----------
        rule : {"knee", "best_error", "smallest", "smallest_within"} or callable, default="knee"
            "knee": farthest below the line between the ends of the front, every objective scaled
            to its range there; "best_error": best first objective; "smallest": least
            "n_parameters", or last objective if that is none; "smallest_within": the smallest whose
            first objective is within ``tolerance`` (0.02) of the best. A function gets
            ``pareto_front_`` and returns the position of a row.
        **options
            Options of the rule.

        Returns
        -------
        position : int
            Row of ``pareto_front_``.

        Raises
        ------
        ValueError
            If there is no such rule, it has no such option or a function returns no row.
        """
        check_is_fitted(self, "pareto_front_")
        if not callable(rule):
            return selection_rule(rule, options)(self._front, **options)
        position = rule(self.pareto_front_, **options)
        n_models = len(self.pareto_front_)
        if not isinstance(position, Integral) or not 0 <= position < n_models:
            raise ValueError(
                "A function that selects a model must return a position in `pareto_front_`, an "
                f"integer from 0 to {n_models - 1}. Got {position!r}."
            )
        return int(position)

    def select(self, rule: str | Callable[..., int] = "knee", **options: Any) -> Any:
        """Select a model of the front, fitted on all rows.

        Parameters
        ----------
        rule : str or callable, default="knee"
            As in `select_index`.
        **options
            Options of the rule.

        Returns
        -------
        estimator : estimator
            The one of ``pareto_estimators_``, not a copy: `predict` uses it too, if it is the
            selected one.

        Raises
        ------
        RuntimeError
            If the model was not asked for before, and the data have changed since or the search
            was pickled.
        """
        position = self.select_index(rule, **options)
        return self.pareto_estimators_[position]

    def front_table(self) -> pd.DataFrame:
        """Show the front to readers: objectives, error next to the best, and who selects what.

        Returns
        -------
        table : DataFrame
            One row per model, indexed by the number of its trial. The error is divided by the best
            one; of a score, and where the best error is 0, it is the difference.
        """
        check_is_fitted(self, "pareto_front_")
        names = self.objective_names_
        table = self.pareto_front_.set_index("trial")[names].copy()
        error = table[names[0]]
        best = error.iloc[0]
        if best > 0 and self.study_.directions[0] == StudyDirection.MINIMIZE:
            table[f"{names[0]} / best"] = error / best
        else:
            table[f"{names[0]} - best"] = error - best
        selected = {rule: self.select_index(rule) for rule in SELECTION_RULES}
        table["selected by"] = [
            ", ".join(rule for rule, selected_row in selected.items() if selected_row == row)
            for row in range(len(table))
        ]
        return table

    def hypervolume_history(self, reference: Any = None) -> pd.DataFrame:
        """Tell how the front grew: its hypervolume after every complete trial.

        Parameters
        ----------
        reference : array-like of shape (n_objectives,), default=None
            Worst values that count, of objectives that are maximised with the sign turned; by
            default the worst of all trials that keep the constraints, moved out by a tenth.

        Returns
        -------
        history : DataFrame
            Columns ``trial`` and ``hypervolume``.

        Raises
        ------
        ValueError
            If `reference` has not one value per objective.
        """
        check_is_fitted(self, "pareto_front_")
        numbers, losses = feasible_losses(self.study_)
        corner = reference_point(losses) if reference is None else reference
        return pd.DataFrame({"trial": numbers, "hypervolume": hypervolume_growth(losses, corner)})

    def _goals(self) -> Goals:
        return find_goals(self.objectives, self.constraints)

    def _example(self) -> Any:
        """Give an unfitted estimator of the kind that is searched."""
        if isinstance(self.estimator, ConfigurationSpace):
            return self.estimator.build(self.estimator.sample(np.random.default_rng(0)))
        return self.estimator

    def get_metadata_routing(self) -> Any:
        """Describe to whom arguments of ``fit`` are passed on.

        Returns
        -------
        routing : MetadataRouter
        """
        return router(self, self._example(), self._goals().measured)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if isinstance(self.estimator, ConfigurationSpace) and self.estimator.pipeline is None:
            return tags  # `fit` says what is wrong; until then the search can be shown
        inner = copy.deepcopy(get_tags(self._example()))
        for name in (
            "estimator_type",
            "classifier_tags",
            "regressor_tags",
            "target_tags",
            "input_tags",
            "transformer_tags",
        ):
            setattr(tags, name, getattr(inner, name))
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Keep the trials without a connection to their storage."""
        state = dict(super().__getstate__())
        if "study_" in state:
            state["study_"] = in_memory(state["study_"])
        return state
