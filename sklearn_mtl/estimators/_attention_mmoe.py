"""Attention-MMoE-DLW."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from torch import nn

from sklearn_mtl._validation import Interval, StrOptions
from sklearn_mtl.estimators._mmoe import MMoERegressor
from sklearn_mtl.losses import TaskLoss, get_loss
from sklearn_mtl.nn import GATE_FUNCTIONS
from sklearn_mtl.weighting import TaskWeighting


class AttentionMMoERegressor(MMoERegressor):
    """Attention-MMoE-DLW: gated experts, task attention and dynamic loss weighting.

    Experts shared through one gate per target, an attention layer that enhances every target's
    features, and a robust loss (L1 and smooth L1) whose mixture adapts during training while
    GradNorm balances the targets. Suited to labels with gross errors.

    Parameters
    ----------
    n_experts : int, default=4
        Number of experts.
    hidden_dim : int, default=128
        Width of an expert's hidden layer.
    expert_dim : int, default=8
        Width of an expert's output, that is of a target's features.
    tower_dim : int or None, default=16
        Width of the hidden layer of a target's output network; None makes it linear.
    dropout : float, default=0.0
        Dropout rate inside the experts.
    attention : {"sigmoid", "softmax", None}, default="sigmoid"
        Gate function of the task attention (eq. 4); None is the ablation No-Attention.
    weight_l1 : float, default=0.6
        Start weight of the L1 term of ``loss="l1_smooth_l1"``; other losses ignore it.
    loss : str or TaskLoss, default="l1_smooth_l1"
        Loss of one target, by name (:func:`sklearn_mtl.losses.loss_names`) or as an instance.
    weighting : str or TaskWeighting, default="dlw"
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

    Attributes
    ----------
    net_ : MultiTaskNet
        The trained skorch net; ``net_.module_`` is the network.
    history_ : DataFrame
        One row per epoch: losses and weights per target, validation loss, learning rate, seconds.
    n_iter_ : int
        Number of epochs trained.
    n_parameters_ : int
        Number of trainable parameters.
    n_outputs_ : int
        Number of targets.
    target_names_ : list of str
        Names of the targets.
    n_rows_excluded_ : int
        Rows of the last fit with NaN in X.
    scaling_ : TargetScaling
        Mean and scale of the targets, in the user's units.
    n_features_in_ : int
        Number of inputs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the inputs, if X had string column names.

    See Also
    --------
    MMoERegressor : Without attention, with the squared error.
    sklearn_mtl.nn.TaskAttention : The attention layer and its formulas.
    sklearn_mtl.weighting.DynamicLossWeighting : The weighting.

    Notes
    -----
    The ablations of the paper are parameters: No-Attention is ``attention=None``, No-DLW is
    ``weighting="equal", weight_l1=0.5``. The paper's search ranges: ``n_experts`` 2 to 8,
    ``hidden_dim`` 64 to 256, ``learning_rate`` 1e-4 to 1e-2, ``batch_size`` 32 to 128,
    ``weight_l1`` 0.4 to 0.9. What the published text leaves open is marked as a reconstruction in
    the attention layer and in the weighting.

    References
    ----------
    .. [1] "Attention-MMoE-DLW": multi-gate mixture of experts with attention and dynamic loss
       weighting for the quality indicators of the sintering process.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mtl import AttentionMMoERegressor
    >>> from sklearn_mtl.datasets import make_sintering
    >>> X, y = make_sintering(200, random_state=0, missing_fraction=0.3, return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), AttentionMMoERegressor(max_epochs=5))
    >>> model.fit(X, y).predict(X).shape
    (200, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **MMoERegressor._parameter_constraints,
        "attention": [StrOptions(set(GATE_FUNCTIONS)), None],
        "weight_l1": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        *,
        n_experts: int = 4,
        hidden_dim: int = 128,
        expert_dim: int = 8,
        tower_dim: int | None = 16,
        dropout: float = 0.0,
        attention: str | None = "sigmoid",
        weight_l1: float = 0.6,
        loss: str | TaskLoss = "l1_smooth_l1",
        weighting: str | TaskWeighting = "dlw",
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
        super().__init__(
            n_experts=n_experts,
            hidden_dim=hidden_dim,
            expert_dim=expert_dim,
            tower_dim=tower_dim,
            dropout=dropout,
            loss=loss,
            weighting=weighting,
            ensemble_size=ensemble_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            scheduler=scheduler,
            ema_decay=ema_decay,
            batch_size=batch_size,
            max_epochs=max_epochs,
            patience=patience,
            validation_fraction=validation_fraction,
            validation_strategy=validation_strategy,
            scale_y=scale_y,
            log_gradients=log_gradients,
            callbacks=callbacks,
            device=device,
            warm_start=warm_start,
            random_state=random_state,
            verbose=verbose,
            net_params=net_params,
        )
        self.attention = attention
        self.weight_l1 = weight_l1

    def _network(self) -> tuple[type[nn.Module], dict[str, Any]]:
        network, params = super()._network()
        return network, params | {"attention": self.attention}

    def _loss(self) -> TaskLoss:
        if self.loss == "l1_smooth_l1":
            return get_loss("l1_smooth_l1", weight_l1=self.weight_l1)
        return super()._loss()
