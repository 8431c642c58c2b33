"""Multi-scale bi-branch convolutional network on windows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sklearn_mtl._sequence_layout import read_window_shape
from sklearn_mtl._validation import Interval, StrOptions
from sklearn_mtl.estimators._base import BaseMultiTaskRegressor
from sklearn_mtl.losses import TaskLoss, get_loss
from sklearn_mtl.nn import (
    ACTIVATIONS,
    BRANCHES,
    CROSS_MAPPING_MODES,
    FUSIONS,
    MSBCNN,
    NORMS,
    WEIGHTING_MODES,
)
from sklearn_mtl.weighting import TaskWeighting

PAIR_LOSSES = ("combined", "adaptive_combined")


class MSBCNNRegressor(BaseMultiTaskRegressor):
    """Multi-scale bi-branch convolutional network (MS-BCNN) on windows of the recent past.

    Two branches of convolutions read the recent past of every channel: short kernels follow fast
    fluctuations, long ones slow trends. The defaults are the configuration that the paper selects
    (appendix B.6, called x_sel there); its search space is appendix A.4, whose variables x4 to x24
    are parameters here.

    Parameters
    ----------
    seq_len : int or None, default=None
        Steps of a window; None reads them from the names of the columns
        (``source:channel:step`` or lags such as ``x(t-1)``), and is 1 where these tell none: every
        column is then a channel of one step.
    n_static : int or None, default=None
        Number of columns behind the windows that have no time axis, such as those of a calendar;
        None reads it from the names of the columns, and is 0 where these tell none.
    projection_channels : int, default=16
        Channels of the linear projection of every step (x6).
    channels_1 : int, default=16
        Channels of the first layer, the same in both branches (x7).
    channels_2 : int, default=32
        Channels of the second layer (x8).
    channels_3 : int, default=64
        Channels of the third layer (x9).
    short_kernels : sequence of 3 int, default=(3, 5, 7)
        Kernel sizes of the short branch, odd (x10).
    long_kernels : sequence of 3 int, default=(9, 11, 13)
        Kernel sizes of the long branch, odd (x11). A kernel may be longer than the window.
    norm : {"batch", "layer", "instance"}, default="batch"
        Normalisation behind every convolution (x5): over the batch and the steps, over the
        channels of a step, or over the steps of a channel, which takes windows of 2 steps or more.
    activation : {"relu", "gelu", "silu", "tanh"}, default="tanh"
        Activation (x12).
    dropout : float, default=0.1
        Dropout rate behind every activation (x13).
    fusion : {"concat", "add", "weighting", "gating", "attention", "cross_mapping"}, \
default="concat"
        How the branches are fused (x22).
    weighting_mode : {"add", "concat"}, default="add"
        How ``fusion="weighting"`` combines the branches (x23); ignored with another fusion.
    cross_mapping_mode : {"add", "concat", "gated"}, default="add"
        How ``fusion="cross_mapping"`` combines the branches (x24); ignored with another fusion.
    branches : {"both", "short", "long"}, default="both"
        Branches of the network; one alone is an ablation of the paper, and needs no fusion.
    time_embedding : bool, default=True
        Whether the columns behind the windows are read. The paper's ablation without time
        embedding is False.
    window_normalization : bool, default=False
        Whether every channel of a window is normalised by its own mean and standard deviation,
        which are appended as channels. For plants whose levels drift; not in the paper.
    loss : str or TaskLoss, default="adaptive_combined"
        Loss of one target, by name (:func:`sklearn_mtl.losses.loss_names`) or as an instance (x18).
    loss_pair : sequence of 2 str, default=("mae", "logcosh")
        Members of ``loss="combined"`` and ``loss="adaptive_combined"`` (x19); ignored with another
        loss.
    loss_weight : float, default=0.7
        Start weight of the first of the pair with ``loss="adaptive_combined"``, the second has the
        rest (x20); ignored with another loss. ``loss="combined"`` has equal weights.
    loss_rate : float, default=1e-3
        Learning rate of the weights of ``loss="adaptive_combined"`` (x21); ignored with another
        loss.
    weighting : str or TaskWeighting, default="equal"
        Rule that weighs the targets, by name or as an instance of
        :mod:`sklearn_mtl.weighting`.
    ensemble_size : int, default=1
        Number of implicit ensemble members that share the network's body.
    optimizer : {"adamw", "adam", "sgd"}, default="adamw"
        Optimizer.
    learning_rate : float, default=1e-3
        Largest learning rate (x14).
    weight_decay : float, default=5.39e-5
        Weight decay of the optimizer (x15).
    scheduler : {"warmup_cosine", "plateau", None}, default="warmup_cosine"
        Learning-rate schedule (x16, x17); None for x16 = off.
    ema_decay : float or None, default=None
        Decay of the moving average of the weights that is kept as the result; None for the last
        weights.
    batch_size : int or "auto", default=32
        Rows of a training step (x4); "auto" cuts small tables so that an epoch has about 32 steps,
        with 8 to 128 rows each.
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
    seq_len_ : int
        Steps of a window, as stated or as read from the names of the columns.
    n_static_ : int
        Number of columns behind the windows, likewise.
    n_iter_ : int
        Number of epochs trained.
    n_parameters_ : int
        Number of trainable parameters (appendix A.2 of [1]_).
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
    sklearn_mtl.preprocessing.LagFeaturizer : Writes windows of lagged rows.
    sklearn_mtl.preprocessing.MultirateResampler : Brings windows of several sources to one length.
    sklearn_mtl.nn.MSBCNN : The network and its formulas.

    Notes
    -----
    The input is the sequence layout of the library: ``D`` windows of `seq_len` steps, one after
    the other, time ascending inside a window, then `n_static` columns, which the network repeats
    along time (eq. 16 of [1]_). Scale the columns in the pipeline.

    Departures from the paper: optimizer and length of training are those of the other estimators,
    because it names neither; how :class:`sklearn_mtl.losses.AdaptiveCombinedLoss` moves its weights
    is a reconstruction. Resampling (x1 to x3) is a step of the pipeline.

    On plants whose levels drift, a far larger `weight_decay` may pay. AdamW takes off the share
    ``learning_rate * weight_decay`` of every weight in a step: with the selected 5.39e-5 that is
    nothing to speak of, with 3.0 it is 14 % in 50 steps. On simulated sinter in time order
    (``sklearn-mtl benchmark sinter-c``) the latter nearly halves the error, which more dropout and
    fewer channels do not.

    With ``norm="batch"`` the rows of a training batch see each other: a row weighs the same in its
    statistics whatever its `sample_weight`.

    References
    ----------
    .. [1] "MS-BCNN": multi-scale bi-branch convolutional network, configured by the evolutionary
       algorithm PHMOEA, for the quality indicators of the sintering process.

    Examples
    --------
    The past four minutes of five channels, read from the names that the lags have:

    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mtl import MSBCNNRegressor
    >>> from sklearn_mtl.datasets import make_sintering
    >>> from sklearn_mtl.preprocessing import LagFeaturizer
    >>> X, y = make_sintering(200, random_state=0, missing_fraction=0.3, return_X_y=True)
    >>> model = make_pipeline(
    ...     LagFeaturizer(lags=3), StandardScaler(), MSBCNNRegressor(max_epochs=2, random_state=0)
    ... ).set_output(transform="pandas")
    >>> model.fit(X, y).predict(X).shape
    (200, 3)
    >>> model[-1].seq_len_
    4
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMultiTaskRegressor._parameter_constraints,
        "seq_len": [Interval(Integral, 1, None, closed="left"), None],
        "n_static": [Interval(Integral, 0, None, closed="left"), None],
        "projection_channels": [Interval(Integral, 1, None, closed="left")],
        "channels_1": [Interval(Integral, 1, None, closed="left")],
        "channels_2": [Interval(Integral, 1, None, closed="left")],
        "channels_3": [Interval(Integral, 1, None, closed="left")],
        "short_kernels": [tuple, list],
        "long_kernels": [tuple, list],
        "norm": [StrOptions(set(NORMS))],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "fusion": [StrOptions(set(FUSIONS))],
        "weighting_mode": [StrOptions(set(WEIGHTING_MODES))],
        "cross_mapping_mode": [StrOptions(set(CROSS_MAPPING_MODES))],
        "branches": [StrOptions(set(BRANCHES))],
        "time_embedding": ["boolean"],
        "window_normalization": ["boolean"],
        "loss_pair": [tuple, list],
        "loss_weight": [Interval(Real, 0, 1, closed="both")],
        "loss_rate": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        seq_len: int | None = None,
        n_static: int | None = None,
        projection_channels: int = 16,
        channels_1: int = 16,
        channels_2: int = 32,
        channels_3: int = 64,
        short_kernels: Sequence[int] = (3, 5, 7),
        long_kernels: Sequence[int] = (9, 11, 13),
        norm: str = "batch",
        activation: str = "tanh",
        dropout: float = 0.1,
        fusion: str = "concat",
        weighting_mode: str = "add",
        cross_mapping_mode: str = "add",
        branches: str = "both",
        time_embedding: bool = True,
        window_normalization: bool = False,
        loss: str | TaskLoss = "adaptive_combined",
        loss_pair: Sequence[str] = ("mae", "logcosh"),
        loss_weight: float = 0.7,
        loss_rate: float = 1e-3,
        weighting: str | TaskWeighting = "equal",
        ensemble_size: int = 1,
        optimizer: str = "adamw",
        learning_rate: float = 1e-3,
        weight_decay: float = 5.39e-5,
        scheduler: str | None = "warmup_cosine",
        ema_decay: float | None = None,
        batch_size: int | str = 32,
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
        self.seq_len = seq_len
        self.n_static = n_static
        self.projection_channels = projection_channels
        self.channels_1 = channels_1
        self.channels_2 = channels_2
        self.channels_3 = channels_3
        self.short_kernels = short_kernels
        self.long_kernels = long_kernels
        self.norm = norm
        self.activation = activation
        self.dropout = dropout
        self.fusion = fusion
        self.weighting_mode = weighting_mode
        self.cross_mapping_mode = cross_mapping_mode
        self.branches = branches
        self.time_embedding = time_embedding
        self.window_normalization = window_normalization
        self.loss_pair = loss_pair
        self.loss_weight = loss_weight
        self.loss_rate = loss_rate

    def _network(self) -> tuple[type[nn.Module], dict[str, Any]]:
        self.seq_len_, self.n_static_ = self._window_shape()
        return MSBCNN, {
            "seq_len": self.seq_len_,
            "n_static": self.n_static_,
            "projection_channels": self.projection_channels,
            "channels": (self.channels_1, self.channels_2, self.channels_3),
            "short_kernels": self.short_kernels,
            "long_kernels": self.long_kernels,
            "norm": self.norm,
            "activation": self.activation,
            "dropout": self.dropout,
            "fusion": self.fusion,
            "weighting_mode": self.weighting_mode,
            "cross_mapping_mode": self.cross_mapping_mode,
            "branches": self.branches,
            "time_embedding": self.time_embedding,
            "window_normalization": self.window_normalization,
        }

    def _window_shape(self) -> tuple[int, int]:
        """Find steps of a window and number of static columns: as stated or as the names tell."""
        if self.seq_len is not None and self.n_static is not None:
            return self.seq_len, self.n_static
        told = None
        if hasattr(self, "feature_names_in_"):
            told = read_window_shape(list(self.feature_names_in_))
        if told is None and self.seq_len is None and self.n_features_in_ > 1:
            warnings.warn(
                "`seq_len` is None and no column name tells of windows: every column counts as a "
                "channel of one step, and the convolutions see no time. Call "
                "`pipeline.set_output(transform='pandas')`, so that the names reach the model, or "
                "pass `seq_len`.",
                UserWarning,
                stacklevel=2,
            )
        if told is None:
            return self.seq_len or 1, self.n_static or 0
        for name, stated, read in (
            ("seq_len", self.seq_len, told.n_steps),
            ("n_static", self.n_static, told.n_static),
        ):
            if stated not in (None, read):
                raise ValueError(
                    f"`{name}` is {stated}, but the names of the columns say {read}. Leave it "
                    "None to go by the names, or state both `seq_len` and `n_static`."
                )
        return told

    def _loss(self) -> TaskLoss:
        if self.loss not in PAIR_LOSSES:
            return super()._loss()
        if len(self.loss_pair) != 2:
            raise ValueError(
                f"`loss_pair` must name two losses, for example ('mae', 'logcosh'). Found "
                f"{self.loss_pair!r}."
            )
        params: dict[str, Any] = dict(zip(("first", "second"), self.loss_pair, strict=True))
        if self.loss == "adaptive_combined":
            params |= {"weight": self.loss_weight, "rate": self.loss_rate}
        return get_loss(self.loss, **params)
