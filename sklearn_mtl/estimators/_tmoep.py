"""Task-aware mixture of experts for achieving the Pareto optimum."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.estimators._ple import PLERegressor
from sklearn_mtl.losses import TaskLoss
from sklearn_mtl.weighting import TaskWeighting


class TMoEPRegressor(PLERegressor):
    """Task-aware mixture of experts for achieving the Pareto optimum (TMoE-P).

    Every target has experts of its own beside those that all share, in blocks one above the other
    (OMoE), and Pareto objective routing (POR) weighs the targets anew in every step, by the
    shortest combination of their gradients. On the data of the benchmark ``por``, equal weights
    (:class:`PLERegressor`) do as well; ``ensemble_size=4`` is the option that adds most in time
    order.

    Parameters
    ----------
    n_blocks : int, default=2
        Number of feature-extraction blocks, one above the other.
    n_specific : int, default=1
        Number of experts of every target in a block; 0 leaves shared experts only.
    n_shared : int, default=1
        Number of shared experts in a block; 0 models every target alone.
    n_expert_layers : int, default=3
        Number of layers of an expert.
    hidden_dim : int, default=64
        Width of every layer of an expert.
    tower_dim : int or None, default=32
        Width of the hidden layer of a target's output network; None makes it linear.
    dropout : float, default=0.0
        Dropout rate after the hidden layers of the experts.
    loss : str or TaskLoss, default="mse"
        Loss of one target, by name (:func:`sklearn_mtl.losses.loss_names`) or as an instance.
    weighting : str or TaskWeighting, default="por"
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
    PLERegressor : The same network with equal weights.
    sklearn_mtl.weighting.ParetoObjectiveRouting : The rule, with its own parameters.
    sklearn_mtl.nn.OMoE : The network and its formulas.

    References
    ----------
    .. [1] L. Pan et al., "TMoE-P: towards the Pareto optimum for multivariate soft sensors", 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mtl import TMoEPRegressor
    >>> from sklearn_mtl.datasets import make_sintering
    >>> X, y = make_sintering(200, random_state=0, missing_fraction=0.3, return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), TMoEPRegressor(max_epochs=5, random_state=0))
    >>> model.fit(X, y).predict(X).shape
    (200, 3)
    """

    def __init__(
        self,
        *,
        n_blocks: int = 2,
        n_specific: int = 1,
        n_shared: int = 1,
        n_expert_layers: int = 3,
        hidden_dim: int = 64,
        tower_dim: int | None = 32,
        dropout: float = 0.0,
        loss: str | TaskLoss = "mse",
        weighting: str | TaskWeighting = "por",
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
            n_blocks=n_blocks,
            n_specific=n_specific,
            n_shared=n_shared,
            n_expert_layers=n_expert_layers,
            hidden_dim=hidden_dim,
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
