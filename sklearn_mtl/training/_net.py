"""The training step: one loss per target, one rule that weighs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer
from skorch.helper import predefined_split
from skorch.utils import TeeGenerator
from torch import Tensor

from sklearn_mtl.losses import MSELoss
from sklearn_mtl.training._averaging import WeightAveraging
from sklearn_mtl.training._batches import TensorBatches, TensorTable, unpack_batch
from sklearn_mtl.training._best_weights import BestWeights
from sklearn_mtl.training._decoder import decoder_name, predict_members
from sklearn_mtl.training._epoch_means import EpochMeans
from sklearn_mtl.training._gradient_cosines import GradientCosines
from sklearn_mtl.training._gradients import StepGradients
from sklearn_mtl.training._progress import EpochProgress
from sklearn_mtl.training._schedules import SCHEDULERS
from sklearn_mtl.training._sharing import Sharing
from sklearn_mtl.weighting import EqualWeighting, TaskWeighting

# Events of every step to which skorch's net itself does not react.
EMPTY_EVENTS = {"on_batch_end", "on_grad_computed"}


class MultiTaskNet(NeuralNet):
    """A skorch net whose step produces one loss per target.

    The step computes the vector of task losses, announces it to the callbacks
    (``on_task_losses``), takes the task weights from the one weighting callback, and
    backpropagates the mean of weight times loss, or whatever the rule puts in its place for the
    shared parameters. What is recorded and monitored is the *unweighted* mean, so that early
    stopping and schedules keep their meaning under any rule.

    Parameters
    ----------
    module : type or Module
        Network from ``(B, n_features)`` to ``(B, n_targets)``.
    criterion : type or TaskLoss, default=MSELoss
        Loss from predictions and partly observed targets to one value per target.
    weighting : TaskWeighting or None, default=None
        Rule that weighs the targets; None for equal weights.
    scheduler : {None, "plateau", "warmup_cosine"}, default=None
        Learning-rate schedule.
    patience : int or None, default=None
        Epochs without a better validation loss after which training stops.
    ema_decay : float or None, default=None
        Decay of the moving average of the weights; None for no averaging.
    log_gradients : bool, default=False
        Whether the cosines between the targets' gradients are recorded.
    save_optimizer : bool, default=False
        Whether a pickled net keeps the optimizer's state, which is twice as large as the network.
    optimizer : type, default=torch.optim.AdamW
        Optimizer; add ``optimizer__fused=True`` for the fused kernel.
    lr : float, default=2e-3
        Learning rate; the largest one under a schedule.
    dataset : type, default=TensorTable
        Holds the data as tensors.
    iterator_train : type, default=TensorBatches
        Iterator over slices of the training data.
    iterator_train__shuffle : bool, default=True
        Whether every epoch has a new order of rows.
    iterator_valid : type, default=TensorBatches
        Iterator of validation and prediction.
    iterator_valid__batch_size : int, default=1024
        Rows that are validated or predicted at once.
    train_split : callable or None, default=None
        Split of the data into training and validation part, as in skorch.
    verbose : int, default=0
        1 shows a progress bar.
    **kwargs
        Further parameters of :class:`skorch.NeuralNet`.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sklearn_mtl.extension import MultiTaskNet
    >>> from sklearn_mtl.nn import MMoE
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(64, 5)); y = X[:, :2] ** 2
    >>> y[::3, 0] = np.nan  # not measured
    >>> _ = torch.manual_seed(0)
    >>> net = MultiTaskNet(MMoE, module__n_features=5, module__n_targets=2, max_epochs=3)
    >>> net.fit(X, y).predict(X).shape
    (64, 2)
    """

    def __init__(
        self,
        module: Any,
        criterion: Any = MSELoss,
        *,
        weighting: TaskWeighting | None = None,
        scheduler: str | None = None,
        patience: int | None = None,
        ema_decay: float | None = None,
        log_gradients: bool = False,
        save_optimizer: bool = False,
        optimizer: Any = torch.optim.AdamW,
        lr: float = 2e-3,
        dataset: Any = TensorTable,
        iterator_train: Any = TensorBatches,
        iterator_train__shuffle: bool = True,
        iterator_valid: Any = TensorBatches,
        iterator_valid__batch_size: int = 1024,
        train_split: Any = None,
        verbose: int = 0,
        **kwargs: Any,
    ) -> None:
        self.weighting = weighting
        self.scheduler = scheduler
        self.patience = patience
        self.ema_decay = ema_decay
        self.log_gradients = log_gradients
        self.save_optimizer = save_optimizer
        super().__init__(
            module,
            criterion,
            optimizer=optimizer,
            lr=lr,
            dataset=dataset,
            iterator_train=iterator_train,
            iterator_train__shuffle=iterator_train__shuffle,
            iterator_valid=iterator_valid,
            iterator_valid__batch_size=iterator_valid__batch_size,
            train_split=train_split,
            verbose=verbose,
            **kwargs,
        )

    # Callbacks

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks: list[tuple[str, Callback]] = [
            ("timer", EpochTimer()),
            ("weighting", self.weighting or EqualWeighting()),
        ]
        if self.log_gradients:
            callbacks.append(("gradient_cosines", GradientCosines()))
        # Averaging ends before the best weights are restored, which then have the last word.
        if self.ema_decay is not None:
            callbacks.append(("averaging", WeightAveraging(self.ema_decay)))
        callbacks.append(("best_weights", BestWeights(self.patience)))
        if self.scheduler is not None:
            callbacks.append(("schedule", SCHEDULERS[self.scheduler]()))
        if self.verbose:
            callbacks.append(("progress", EpochProgress()))
        return callbacks

    def initialize_callbacks(self) -> MultiTaskNet:
        """Initialise the callbacks and check that one of them weighs the targets."""
        super().initialize_callbacks()
        rules = [callback for _, callback in self.callbacks_ if isinstance(callback, TaskWeighting)]
        if len(rules) != 1:
            raise ValueError(
                "Exactly one task weighting may be active; pass it as `weighting`, not in "
                f"`callbacks`. Found {[type(rule).__name__ for rule in rules]}."
            )
        self.weighting_: Any = rules[0]
        self.listeners_: dict[str, list[Callback]] = {}
        return self

    def initialize_module(self) -> MultiTaskNet:
        """Initialise the network; what of it is shared is found when a rule asks."""
        super().initialize_module()
        self.has_members_ = hasattr(self.module_, "members")
        self.decoder_name_: str | None = None  # found at the first step
        self.sharing_: Sharing | None = None
        return self

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call an event of the net and of the callbacks that react to it.

        Callbacks that do not know it, or inherit the base class's empty one, are passed over.
        """
        for listener in self._listeners(method_name):
            getattr(listener, method_name)(self, **cb_kwargs)
        if method_name == "on_epoch_end" and any(
            getattr(listener, "exhausted_", False) for listener in self._listeners(method_name)
        ):
            # skorch's own way of ending the loop over epochs
            raise KeyboardInterrupt

    def _listeners(self, method_name: str) -> list[Any]:
        listeners = self.listeners_.get(method_name)
        if listeners is None:
            listeners = self.listeners_[method_name] = self._find_listeners(method_name)
        return listeners

    def _find_listeners(self, method_name: str) -> list[Any]:
        silent = getattr(Callback, method_name, None)
        listeners = [
            callback
            for _, callback in self.callbacks_
            if getattr(type(callback), method_name, silent) is not silent
        ]
        reacts = hasattr(self, method_name) and method_name not in EMPTY_EVENTS
        return [self, *listeners] if reacts else listeners

    # The step

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Take one optimizer step.

        Does what skorch's method does, without its detours through names and copies of generators
        in every step. Optimizers such as L-BFGS call the closure several times; the first result
        is the step's.
        """
        steps: list[dict[str, Any]] = []

        def closure() -> Tensor:
            for group in self.optimizer_.param_groups:
                for parameter in group["params"]:
                    parameter.grad = None
            step = self.train_step_single(batch, **fit_params)
            steps.append(step)
            if self._listeners("on_grad_computed"):
                self.notify(
                    "on_grad_computed",
                    named_parameters=TeeGenerator(self.get_all_learnable_params()),
                    batch=batch,
                    training=True,
                )
            return step["loss"]

        self.optimizer_.step(closure)
        return steps[0]

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the task losses of a batch, weigh them and backpropagate."""
        x, y, sample_weight = unpack_batch(batch)
        prediction, features = self.predict_for_step(x)
        y_pred = prediction.detach()
        if self.has_members_:
            # Members are trained side by side, each on its own loss; rows are ordered by member.
            n_members = len(prediction) // len(x)
            y_pred = y_pred.unflatten(0, (n_members, -1)).mean(dim=0)
            y = y.repeat(n_members, 1)
            if sample_weight is not None:
                sample_weight = sample_weight.repeat(n_members)
        losses, totals = self.criterion_.with_totals(prediction, y, sample_weight, self.complete_)
        observed, n_observed = _observed_targets(losses, totals)
        gradients = self.announce(losses, observed, features)
        rule = self.weighting_
        if rule.updates_separately:
            gradients.backward_separately(rule.weights_, rule.shared_gradient_)
        else:
            # sum_k w_k L_k / n_observed; an unobserved target has the loss 0.
            gradients.backward(rule.weights_ / n_observed)
        return {
            "loss": _mean_loss(losses.detach(), n_observed),
            "y_pred": y_pred,
            "task_losses": losses,
            "task_totals": totals,
            "task_weights": rule.weights_,
        }

    def predict_for_step(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Predict a batch of the training.

        Parameters
        ----------
        x : Tensor of shape (B, n_features)
            Inputs.

        Returns
        -------
        prediction : Tensor of shape (B, n_targets) or (M * B, n_targets)
            Predictions; of all M members of an ensemble, rows ordered by member.
        features : Tensor of shape (n_targets, B, h) or None
            Every target's view of the shared representation, if the network offers it.
        """
        if self.decoder_name_ is None:
            self.decoder_name_ = self._find_decoder(x)
        if self.decoder_name_:
            features = self.module_.encode(x)
            return getattr(self.module_, self.decoder_name_)(features), features
        return predict_members(self.module_, x), None

    def _find_decoder(self, x: Tensor) -> str:
        """Look for features if a gradient past them will be asked for; empty if there are none."""
        rule = self.weighting_
        if not (rule.updates_separately or rule.reads_representation or self.log_gradients):
            return ""
        name = decoder_name(self.module_, x)
        if rule.reads_representation and not name:
            raise ValueError(
                "Gradients of the shared representation need a network whose predictions are "
                "decode(encode(x)) with encode(x) -> (n_targets, n_samples, h). "
                f"{type(self.module_).__name__} is none; use gradients='exact'."
            )
        return name

    def announce(
        self, losses: Tensor, observed: Tensor | None, features: Tensor | None = None
    ) -> StepGradients:
        """Tell the callbacks the task losses of a step, so that the rule sets its weights.

        Parameters
        ----------
        losses : Tensor of shape (n_targets,)
            Losses with their graph.
        observed : bool Tensor of shape (n_targets,) or None
            Targets with a label in the batch; None if all have one.
        features : Tensor of shape (n_targets, B, h) or None, default=None
            Every target's view of the shared representation.

        Returns
        -------
        gradients : StepGradients
            What the callbacks could ask, and the backward pass.
        """
        gradients = StepGradients(
            losses, self._find_sharing, features, self.weighting_.updates_separately
        )
        self.notify(
            "on_task_losses",
            losses=losses,
            observed=observed,
            gradients=gradients,
            module=self.module_,
        )
        return gradients

    def _find_sharing(self, losses: Tensor) -> Sharing:
        if self.sharing_ is not None:
            return self.sharing_
        towers = self.module_.towers if self.decoder_name_ == "towers" else None
        sharing = Sharing(self.module_, losses, towers)
        # A target without a label in this batch may not show what it reaches: look again then.
        if hasattr(self.module_, "task_slices") or (losses != 0).all():
            self.sharing_ = sharing
        return sharing

    def validation_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the task losses of a batch of the validation part."""
        x, y, sample_weight = unpack_batch(batch)
        with torch.no_grad():
            prediction = self.module_(x)
            losses, totals = self.criterion_.with_totals(
                prediction, y, sample_weight, self.complete_
            )
        return {
            "loss": _mean_loss(losses, _observed_targets(losses, totals)[1]),
            "y_pred": prediction,
            "task_losses": losses,
            "task_totals": totals,
            "task_weights": None,
        }

    # The epoch

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Run over the batches once and record the means per target.

        skorch's own loop reads a number from every batch and walks through all modules to set
        their mode, which costs small networks a tenth of their time.
        """
        if iterator is None:
            return
        means = EpochMeans()
        self.sharing_ = None  # a callback may have frozen parameters
        self._set_training(training)
        self.complete_ = getattr(iterator.dataset, "complete", False)
        with nullcontext() if training else self.evaluation_weights():
            for batch in iterator:
                self.notify("on_batch_begin", batch=batch, training=training)
                step = step_fn(batch, **fit_params)
                self.history.record_batch(f"{prefix}_batch_size", len(batch[1]))
                means.add(step["task_losses"], step["task_totals"], step["task_weights"])
                self.notify("on_batch_end", batch=batch, training=training, **step)
        losses = means.task_losses()
        labelled = [value for value in losses if not np.isnan(value)]
        loss = float(np.mean(labelled)) if labelled else float("nan")
        if training and not np.isfinite(loss):
            raise ValueError(
                f"Training diverged in epoch {len(self.history)}: the task losses are {losses}. "
                "Scale the inputs (StandardScaler before the model), lower `learning_rate`, or "
                "set `scale_y=True`."
            )
        self.history.record(f"{prefix}_task_losses", losses)
        earlier = [
            epoch[f"{prefix}_loss"] for epoch in self.history[:-1] if f"{prefix}_loss" in epoch
        ]
        self.history.record(f"{prefix}_loss", loss)
        # By this name skorch's Checkpoint and PrintLog look for the best epoch.
        self.history.record(f"{prefix}_loss_best", not earlier or loss < min(earlier))
        if training:
            self.history.record("task_weights", means.task_weights())
            self.history.record("learning_rate", self.optimizer_.param_groups[0]["lr"])

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Any:
        """Run the epochs; an optimizer that was left out of a pickle starts anew."""
        if not hasattr(self, "optimizer_"):
            self.initialize_optimizer()
        return super().fit_loop(X, y, epochs, **kwargs)

    def train(self, training: TensorTable, validation: TensorTable | None = None) -> MultiTaskNet:
        """Train on a table, with another one for early stopping; neither is kept.

        Parameters
        ----------
        training : TensorTable
            Rows to learn from.
        validation : TensorTable or None, default=None
            Rows to judge by.

        Returns
        -------
        self : MultiTaskNet
        """
        self.train_split = None if validation is None else predefined_split(validation)
        try:
            return self.partial_fit(training, None)
        finally:
            self.train_split = None

    def train_one_epoch(self, dataset: TensorTable) -> MultiTaskNet:
        """Run over `dataset` once at the full learning rate, without schedule and validation."""
        if not self.initialized_:
            self.initialize()
        if not hasattr(self, "optimizer_"):
            self.initialize_optimizer()
        self.set_learning_rate(self.lr)
        # Schedules, averaging and early stopping of our own need a whole training; the user's
        # callbacks are told that one begins and ends, as in every partial_fit of skorch.
        ours = {name for name, _ in self._default_callbacks}
        users = [callback for name, callback in self.callbacks_ if name not in ours]
        for callback in users:
            callback.on_train_begin(self, X=dataset, y=None)
        self.notify("on_epoch_begin", dataset_train=dataset, dataset_valid=None)
        batches = self.get_iterator(dataset, training=True)
        self.run_single_epoch(batches, training=True, prefix="train", step_fn=self.train_step)
        self.notify("on_epoch_end", dataset_train=dataset, dataset_valid=None)
        for callback in users:
            callback.on_train_end(self, X=dataset, y=None)
        self._forget_batches()
        return self

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any) -> Any:
        """Train, and keep the records of the epochs only."""
        super().partial_fit(X, y, classes, **fit_params)
        self._forget_batches()
        return self

    def _forget_batches(self) -> None:
        for epoch in self.history:
            epoch["batches"] = []

    def on_epoch_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Let a loss that adapts itself take in the epoch."""
        if self.criterion_.adapts_itself:
            self.criterion_.advance_epoch()

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of all parameters."""
        for group in self.optimizer_.param_groups:
            group["lr"] = rate

    @contextmanager
    def evaluation_weights(self) -> Iterator[None]:
        """Put the averaged weights in the module's place, if weights are averaged."""
        averaging = next((c for _, c in self.callbacks_ if isinstance(c, WeightAveraging)), None)
        if averaging is None:
            yield
            return
        averaging.swap(self.module_)
        try:
            yield
        finally:
            averaging.swap(self.module_)

    # Persistence

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the optimizer unless asked for, and data sets always."""
        state = self.__dict__.copy()
        state["train_split"] = None
        state["listeners_"] = {}
        state["sharing_"] = None  # refers to the network's parameters themselves
        if not self.save_optimizer:
            state.pop("optimizer_", None)
        net = object.__new__(type(self))
        net.__dict__ = state
        return NeuralNet.__getstate__(net)


def _observed_targets(losses: Tensor, totals: Tensor | float) -> tuple[Tensor | None, Tensor | int]:
    """Find which targets have a label in the batch (None: all), and how many have."""
    if isinstance(totals, float):
        return None, len(losses)
    observed = totals > 0
    return observed, observed.sum().clamp_min(1)


def _mean_loss(losses: Tensor, n_observed: Tensor | int) -> Tensor:
    """Unweighted mean over the observed targets; the others have the loss 0."""
    return losses.mean() if isinstance(n_observed, int) else losses.sum() / n_observed
