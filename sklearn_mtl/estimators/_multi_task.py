"""The recommended default, and the door for architectures of the user."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn

from sklearn_mtl._validation import StrOptions
from sklearn_mtl.estimators._base import BaseMultiTaskRegressor
from sklearn_mtl.losses import TaskLoss
from sklearn_mtl.nn import ARCHITECTURES
from sklearn_mtl.weighting import TaskWeighting


class MultiTaskRegressor(BaseMultiTaskRegressor):
    """The recommended soft sensor for several, partly labelled targets.

    An implicit ensemble on a shared trunk with defaults that are good on many plants. It is the
    generic door as well: `architecture` takes a network by name or a class of the user's own,
    `weighting` a rule by name or an own one.

    Parameters
    ----------
    architecture : str or type, default="shared_bottom"
        Network by name (:data:`sklearn_mtl.nn.ARCHITECTURES`) or a module class that is built as
        ``architecture(n_features=..., n_targets=..., **architecture_params)``;
        :func:`sklearn_mtl.extension.check_architecture` checks an own one.
    architecture_params : dict or None, default=None
        Further arguments of the network.
    loss : str or TaskLoss, default="smooth_l1"
        Loss of one target, by name (:func:`sklearn_mtl.losses.loss_names`) or as an instance.
    weighting : str or TaskWeighting, default="equal"
        Rule that weighs the targets, by name or as an instance of
        :mod:`sklearn_mtl.weighting`.
    ensemble_size : int, default=8
        Number of implicit ensemble members that share the network's body.
    optimizer : {"adamw", "adam", "sgd"}, default="adamw"
        Optimizer.
    learning_rate : float, default=2e-3
        Largest learning rate.
    weight_decay : float, default=1e-2
        Weight decay of the optimizer.
    scheduler : {"warmup_cosine", "plateau", None}, default="warmup_cosine"
        Learning-rate schedule.
    ema_decay : float or None, default=None
        Decay of the moving average of the weights that is kept as the result; None for the last
        weights.
    batch_size : int or "auto", default="auto"
        Rows of a training step; "auto" cuts small tables so that an epoch has about 32 steps, with
        8 to 128 rows each.
    max_epochs : int, default=40
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
    SharedBottomRegressor : The same trunk with flat parameters.
    sklearn_mtl.extension : What an architecture or a weighting rule of one's own needs.

    References
    ----------
    .. [1] Y. Gorishniy, A. Kotelnikov, A. Babenko, "TabM: advancing tabular deep learning with
       parameter-efficient ensembling", ICLR 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mtl import MultiTaskRegressor
    >>> from sklearn_mtl.datasets import make_sintering
    >>> X, y = make_sintering(200, random_state=0, missing_fraction=0.3, return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MultiTaskRegressor(max_epochs=5, random_state=0))
    >>> model.fit(X, y).predict(X).shape
    (200, 3)

    A network of one's own:

    >>> from torch import nn
    >>> class Linear(nn.Module):
    ...     def __init__(self, n_features, n_targets):
    ...         super().__init__()
    ...         self.layer = nn.Linear(n_features, n_targets)
    ...     def forward(self, x):
    ...         return self.layer(x)
    >>> own = MultiTaskRegressor(architecture=Linear, ensemble_size=1, max_epochs=5, random_state=0)
    >>> make_pipeline(StandardScaler(), own).fit(X, y).predict(X).shape
    (200, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMultiTaskRegressor._parameter_constraints,
        "architecture": [StrOptions(set(ARCHITECTURES)), type],
        "architecture_params": [dict, None],
    }

    def __init__(
        self,
        *,
        architecture: str | type[nn.Module] = "shared_bottom",
        architecture_params: dict[str, Any] | None = None,
        loss: str | TaskLoss = "smooth_l1",
        weighting: str | TaskWeighting = "equal",
        ensemble_size: int = 8,
        optimizer: str = "adamw",
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-2,
        scheduler: str | None = "warmup_cosine",
        ema_decay: float | None = None,
        batch_size: int | str = "auto",
        max_epochs: int = 40,
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
        self.architecture = architecture
        self.architecture_params = architecture_params

    def _network(self) -> tuple[type[nn.Module], dict[str, Any]]:
        network = self.architecture
        if isinstance(network, str):
            network = ARCHITECTURES[network]
        elif not issubclass(network, nn.Module):
            raise ValueError(
                f"`architecture` must be one of {sorted(ARCHITECTURES)} or a class derived from "
                f"torch.nn.Module. Found {network!r}."
            )
        return network, dict(self.architecture_params or {})
