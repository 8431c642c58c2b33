"""What all neural estimators share: checks, scaling, training, prediction, persistence."""

from __future__ import annotations

import inspect
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_mtl._validation import (
    Interval,
    StrOptions,
    Targets,
    _fit_context,
    check_features,
    check_sample_weight,
    check_targets,
)
from sklearn_mtl.estimators._history import history_frame
from sklearn_mtl.estimators._rows import (
    LabelledRows,
    complete_rows,
    hold_out,
    labelled_rows,
    unlabelled_targets,
)
from sklearn_mtl.estimators._target_scaling import TargetScaling
from sklearn_mtl.losses import LOSSES, TaskLoss, get_loss, loss_names
from sklearn_mtl.metrics import masked_r2_score
from sklearn_mtl.nn import ImplicitEnsemble
from sklearn_mtl.training import SCHEDULERS, MultiTaskNet, Predictor, TensorTable
from sklearn_mtl.weighting import WEIGHTINGS, TaskWeighting

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}

# With batch_size="auto", a small table is cut so that an epoch has about this many steps.
STEPS_PER_EPOCH = 32
SMALLEST_AUTO_BATCH, LARGEST_AUTO_BATCH = 8, 128


class BaseMultiTaskRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the estimators that train a network on partly labelled targets.

    A subclass lists its parameters in its constructor, passes the common ones on, and answers one
    question: which network is built (:meth:`_network`).

    Parameters
    ----------
    loss : str or TaskLoss, default="mse"
        Loss of one target, by name (:func:`sklearn_mtl.losses.loss_names`) or as an instance.
    weighting : str or TaskWeighting, default="equal"
        Rule that weighs the targets, by name or as an instance of
        :mod:`sklearn_mtl.weighting`.
    ensemble_size : int, default=1
        Number of implicit ensemble members that share the network's body.
    optimizer : {"adamw", "adam", "sgd"}, default="adamw"
        Optimizer.
    learning_rate : float, default=2e-3
        Largest learning rate.
    weight_decay : float, default=1e-4
        Weight decay of the optimizer.
    scheduler : {"warmup_cosine", "plateau", None}, default="warmup_cosine"
        Learning-rate schedule.
    ema_decay : float or None, default=None
        Decay of the moving average of the weights that is kept as the result; None for the last
        weights.
    batch_size : int or "auto", default=128
        Rows of a training step; "auto" cuts small tables so that an epoch has about 32 steps, with
        8 to 128 rows each.
    max_epochs : int, default=60
        Largest number of passes over the training rows.
    patience : int or None, default=15
        Epochs without a better validation loss after which training stops; None for no early stop.
    validation_fraction : float or None, default=0.15
        Share of the labelled rows held out for early stopping if no `X_val` is passed to fit;
        0 or None for none.
    validation_strategy : {"last", "random"}, default="last"
        Which rows are held out: the newest (rows are taken to be in time order), or random ones.
    scale_y : bool, default=True
        Whether targets are standardised for training, by their observed values.
    log_gradients : bool, default=False
        Whether `history_` gets the mean cosine between the gradients of every pair of targets,
        which is negative where they are in conflict. It takes a backward pass per target and step.
    callbacks : list of skorch callbacks or None, default=None
        Further callbacks of the training.
    device : {"cpu", "cuda", "auto"} or str, default="cpu"
        Device of the training; "auto" takes a GPU if there is one.
    warm_start : bool, default=False
        Whether fit continues from the present weights and target scaling.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, order of rows, dropout and random hold-out.
    verbose : int, default=0
        1 shows a progress bar.
    net_params : dict or None, default=None
        Further parameters of the skorch net, which overrule all others.

    Examples
    --------
    An estimator of one's own, with a parameter of its own:

    >>> import numpy as np
    >>> from sklearn_mtl.extension import BaseMultiTaskRegressor
    >>> from sklearn_mtl.nn import SharedBottom
    >>> class OneLayerRegressor(BaseMultiTaskRegressor):
    ...     def __init__(self, *, width=32, max_epochs=60, random_state=None):
    ...         super().__init__(max_epochs=max_epochs, random_state=random_state)
    ...         self.width = width
    ...     def _network(self):
    ...         return SharedBottom, {"hidden_dim": self.width, "n_layers": 1}
    >>> X, y = np.random.default_rng(0).normal(size=(2, 50, 3))
    >>> OneLayerRegressor(max_epochs=2, random_state=0).fit(X, y).predict(X).shape
    (50, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [StrOptions(set(loss_names())), TaskLoss],
        "weighting": [StrOptions(set(WEIGHTINGS)), TaskWeighting],
        "ensemble_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "scheduler": [StrOptions(set(SCHEDULERS)), None],
        "ema_decay": [Interval(Real, 0, 1, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left"), None],
        "validation_strategy": [StrOptions({"last", "random"})],
        "scale_y": ["boolean"],
        "log_gradients": ["boolean"],
        "callbacks": [list, None],
        "device": [str],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "net_params": [dict, None],
    }

    def __init__(
        self,
        *,
        loss: str | TaskLoss = "mse",
        weighting: str | TaskWeighting = "equal",
        ensemble_size: int = 1,
        optimizer: str = "adamw",
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-4,
        scheduler: str | None = "warmup_cosine",
        ema_decay: float | None = None,
        batch_size: int | str = 128,
        max_epochs: int = 60,
        patience: int | None = 15,
        validation_fraction: float | None = 0.15,
        validation_strategy: str = "last",
        scale_y: bool = True,
        log_gradients: bool = False,
        callbacks: list[Any] | None = None,
        device: str = "cpu",
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        net_params: dict[str, Any] | None = None,
    ) -> None:
        self.loss = loss
        self.weighting = weighting
        self.ensemble_size = ensemble_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.scheduler = scheduler
        self.ema_decay = ema_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.validation_strategy = validation_strategy
        self.scale_y = scale_y
        self.log_gradients = log_gradients
        self.callbacks = callbacks
        self.device = device
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params

    @abstractmethod
    def _network(self) -> tuple[type[nn.Module], dict[str, Any]]:
        """Class of the network, and its parameters besides ``n_features`` and ``n_targets``."""

    def _loss(self) -> TaskLoss:
        """Loss of this fit; a subclass adds the parameters of its own."""
        return get_loss(self.loss)

    net_: MultiTaskNet
    _random_numbers: torch.Tensor

    # Fitting

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight: Any = None,
    ) -> BaseMultiTaskRegressor:
        """Train on the rows with complete inputs and at least one label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs. A row with NaN is excluded.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets in the user's units. NaN marks a value that was not measured.
        X_val : array-like of shape (n_validation, n_features), optional
            Inputs of the validation part; without it, a part of X is held out.
        y_val : array-like of shape (n_validation,) or (n_validation, n_targets), optional
            Targets of the validation part.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; a row of weight 0 counts as absent.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If no row is left, a target has no label to train on, or an input is infinite.
        """
        if (X_val is None) != (y_val is None):
            raise ValueError("`X_val` and `y_val` must be passed together. Found only one of them.")
        continues = self.warm_start and hasattr(self, "net_")
        rows = self._check_training_data(X, y, sample_weight, reset=not continues)
        validation = None
        if X_val is not None:
            X_val = check_features(self, X_val, reset=False)
            targets_val = self._check_same_targets(check_targets(y_val, input_name="y_val"))
            check_consistent_length(X_val, targets_val.values)
            validation = labelled_rows(X_val, targets_val.values, None)

        with self._own_random_numbers(restart=not continues):
            if validation is None:
                rows, validation = hold_out(
                    rows, self.validation_fraction or 0.0, self.validation_strategy
                )
            self._check_labels(rows)
            if not continues:
                self.scaling_ = TargetScaling.fit(rows.y, rows.weight, identity=not self.scale_y)
            if validation is not None:
                validation = self._usable_validation(validation)
            old_weights = self.net_.module_.state_dict() if continues else None
            self.net_ = self._build_net(len(rows.X))
            self.net_.initialize()
            if old_weights is not None:
                self._continue_from(old_weights)
            held_out = None if validation is None else self._table(validation)
            self.net_.train(self._table(rows), held_out)
        self._finish()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, *, sample_weight: Any = None) -> BaseMultiTaskRegressor:
        """Train one epoch more, on new rows and at the full learning rate.

        The first call fixes the target scaling and the random numbers; later ones continue them.
        There is no validation part, and after the first call a target may lack labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs. A row with NaN is excluded.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets in the user's units. NaN marks a value that was not measured.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; a row of weight 0 counts as absent.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        first = not hasattr(self, "net_")
        rows = self._check_training_data(X, y, sample_weight, reset=first)
        with self._own_random_numbers(restart=first):
            if first:
                self._check_labels(rows)
                self.scaling_ = TargetScaling.fit(rows.y, rows.weight, identity=not self.scale_y)
                self.net_ = self._build_net(len(rows.X))
            self.net_.train_one_epoch(self._table(rows))
        self._finish()
        return self

    def _check_training_data(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool
    ) -> LabelledRows:
        targets = check_targets(y)
        X = check_features(self, X, reset=reset)
        check_consistent_length(X, targets.values)
        weight = check_sample_weight(sample_weight, X)
        if reset:
            self.target_names_ = targets.names
            self.n_outputs_ = len(targets.names)
            self._named_targets = targets.named
            self._one_dimensional = targets.one_dimensional
        else:
            self._check_same_targets(targets)
        rows = labelled_rows(X, targets.values, weight)
        self.n_rows_excluded_ = int((~complete_rows(X)).sum())
        if len(rows.X) == 0:
            raise ValueError(
                f"No row is left to train on: of {len(X)} rows, {self.n_rows_excluded_} have NaN "
                "in X (excluded rows), the others have no label or the weight 0. Fill gaps before "
                "this step, for example with LastValueHold."
            )
        if np.abs(rows.X).max() > np.finfo(np.float32).max:
            raise ValueError(
                "X holds values beyond the range of float32 (3.4e38), in which networks are "
                "trained. Scale X, for example with StandardScaler."
            )
        return rows

    def _check_same_targets(self, targets: Targets) -> Targets:
        if len(targets.names) != self.n_outputs_:
            raise ValueError(
                f"y must have the {self.n_outputs_} targets of the first fit, "
                f"{self.target_names_}. Found {len(targets.names)}: {targets.names}."
            )
        if targets.named and self._named_targets and targets.names != self.target_names_:
            raise ValueError(
                "y must have the targets of the first fit in the same order, "
                f"{self.target_names_}. Found {targets.names}."
            )
        return targets

    def _check_labels(self, rows: LabelledRows) -> None:
        names = unlabelled_targets(rows, self.target_names_)
        if names:
            raise ValueError(
                f"No label to train on for target(s) {names}. Leave them out of y; if their labels "
                "are all among the newest rows, which are held out for early stopping, set "
                "validation_strategy='random' or validation_fraction=None, or pass X_val and y_val."
            )

    def _usable_validation(self, validation: LabelledRows) -> LabelledRows | None:
        names = unlabelled_targets(validation, self.target_names_)
        if names:
            warnings.warn(
                f"No label in the validation part for target(s) {names}: early stopping does not "
                "see them.",
                UserWarning,
                stacklevel=3,
            )
        return None if len(names) == self.n_outputs_ else validation

    def _continue_from(self, old_weights: dict[str, torch.Tensor]) -> None:
        try:
            self.net_.module_.load_state_dict(old_weights)
        except RuntimeError as error:
            raise ValueError(
                "warm_start=True continues the weights of the last fit, but the parameters now ask "
                f"for another network. Set them back, or set warm_start=False. {error}"
            ) from error

    def _build_net(self, n_rows: int) -> MultiTaskNet:
        network, network_params = self._network()
        if self.ensemble_size > 1:
            network_params = {
                "network": network,
                "n_members": self.ensemble_size,
                **network_params,
            }
            network = ImplicitEnsemble
        weighting = self._weighting()
        loss = self._loss()
        needed = weighting.fixed_loss
        if needed is not None and not isinstance(loss, LOSSES[needed]):
            raise ValueError(
                f"weighting={self.weighting!r} needs loss={needed!r}. Found loss={self.loss!r}."
            )
        loss.set_target_scaling(*(torch.tensor(v, dtype=torch.float32) for v in self.scaling_))
        # An optimizer of the user's, by `net_params`, may know neither.
        settings = {"weight_decay": self.weight_decay, "fused": True}
        optimizer = (self.net_params or {}).get("optimizer", OPTIMIZERS[self.optimizer])
        accepted = inspect.signature(optimizer).parameters
        params: dict[str, Any] = {
            "module": network,
            "module__n_features": self.n_features_in_,
            "module__n_targets": self.n_outputs_,
            **{f"module__{name}": value for name, value in network_params.items()},
            "criterion": loss,
            "weighting": weighting,
            "optimizer": optimizer,
            **{f"optimizer__{n}": v for n, v in settings.items() if n in accepted},
            "lr": self.learning_rate,
            "scheduler": self.scheduler,
            "ema_decay": self.ema_decay,
            "log_gradients": self.log_gradients,
            "batch_size": self._batch_size(n_rows),
            "max_epochs": self.max_epochs,
            "patience": self.patience,
            "callbacks": clone(self.callbacks, safe=False) if self.callbacks else None,
            "device": self._device(),
            "verbose": self.verbose,
        }
        return MultiTaskNet(**(params | (self.net_params or {})))

    def _weighting(self) -> TaskWeighting:
        if isinstance(self.weighting, str):
            return WEIGHTINGS[self.weighting]()
        return clone(self.weighting, safe=False)

    def _batch_size(self, n_rows: int) -> int:
        if self.batch_size != "auto":
            return int(self.batch_size)
        return int(np.clip(n_rows // STEPS_PER_EPOCH, SMALLEST_AUTO_BATCH, LARGEST_AUTO_BATCH))

    def _device(self) -> str:
        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def _table(self, rows: LabelledRows) -> TensorTable:
        scaled = self.scaling_.to_standard(rows.y)
        return TensorTable(rows.X, scaled, rows.weight).to(self._device())

    @contextmanager
    def _own_random_numbers(self, *, restart: bool) -> Iterator[None]:
        """Draw from a stream of our own and leave the caller's as it was."""
        devices: list[int] | None = [] if self._device() == "cpu" else None
        with torch.random.fork_rng(devices=devices):
            if restart:
                seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
                torch.manual_seed(seed)
            else:
                torch.set_rng_state(self._random_numbers)
            yield
            self._random_numbers = torch.get_rng_state()

    def _finish(self) -> None:
        self._predictor = Predictor(self.net_.module_, self.net_.device)
        self.history_: pd.DataFrame = history_frame(self.net_.history, self.target_names_)
        self.n_iter_ = len(self.history_)
        parameters = self.net_.module_.parameters()
        self.n_parameters_ = sum(p.numel() for p in parameters if p.requires_grad)

    # Prediction

    def predict(self, X: Any, *, return_member_std: bool = False) -> Any:
        """Predict all targets in the user's units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs. A row with NaN gets the prediction NaN.
        return_member_std : bool, default=False
            Whether to return the standard deviation over the ensemble's members too. It says
            where the members disagree; it is not an error bar.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions; one-dimensional if y was in fit.
        member_std : ndarray of the same shape
            Only if `return_member_std` is true.

        Raises
        ------
        ValueError
            If `return_member_std` is true and ``ensemble_size=1``.
        """
        check_is_fitted(self)
        if return_member_std and not self.net_.has_members_:
            raise ValueError("return_member_std=True needs an ensemble. Found ensemble_size=1.")
        X = check_features(self, X, reset=False)
        usable = complete_rows(X)
        excluded = not usable.all()
        if excluded:
            warnings.warn(
                f"{(~usable).sum()} of {len(X)} rows have NaN in X and get the prediction NaN.",
                UserWarning,
                stacklevel=2,
            )
            X = X[usable]
        if return_member_std:
            members = self._predictor.predict_members(X)
            results = [
                self.scaling_.to_units(members.mean(axis=1)),
                members.std(axis=1) * self.scaling_.scale,
            ]
        else:
            results = [self.scaling_.to_units(self._predictor.predict(X))]
        if excluded:
            results = [_with_gaps(result, usable) for result in results]
        if self._one_dimensional:
            results = [result[:, 0] for result in results]
        return tuple(results) if return_member_std else results[0]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Mean over targets of R2 over the observed labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; NaN marks a value that was not measured.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        score : float
        """
        return float(masked_r2_score(y, self.predict(X), sample_weight=sample_weight))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the copy of the network that predicts."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_predictor"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the copy of the network that predicts."""
        super().__setstate__(state)
        if hasattr(self, "net_"):
            self._predictor = Predictor(self.net_.module_, self.net_.device)

    def __sklearn_tags__(self) -> Any:
        """NaN in X marks an excluded row."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _with_gaps(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    full = np.full((len(usable), *values.shape[1:]), np.nan)
    full[usable] = values
    return full
