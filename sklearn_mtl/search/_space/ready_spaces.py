"""Spaces of the systems of three papers, each for the pipeline function of the same name."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._space.variables import Continuous, Discrete

# Candidates in a range from 32 to 128
_BATCH_SIZES = [32, 64, 96, 128]


def msbcnn_space(**fixed: Any) -> ConfigurationSpace:
    """Give the space of the MS-BCNN system: x1 to x24 of the paper.

    Parameters
    ----------
    **fixed
        Arguments of `sklearn_mtl.pipelines.msbcnn_pipeline` that all configurations share, such as
        ``max_epochs=20``. One that names a parameter of the space fixes it.

    Returns
    -------
    space : ConfigurationSpace
        24 parameters in the order of the paper, with the names of the pipeline's arguments.

    Raises
    ------
    ValueError
        If a parameter of the space is fixed to a value that it cannot take.

    Notes
    -----
    Candidates, ranges and conditions are those of table 4 of [1]_; `loss_weight` (x20) is the first
    weight of the pair. The exemplar configuration of the paper is one of the space.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, table 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.search import msbcnn_space
    >>> space = msbcnn_space(max_epochs=20, random_state=0)
    >>> config = space.sample(np.random.default_rng(0))
    >>> config["operator"], config["length"], config["fusion"]
    ('fir_lowpass', 24, 'weighting')
    >>> space.build(config)["model"].max_epochs
    20
    """
    pairs = ["combined", "adaptive_combined"]
    space = ConfigurationSpace(
        [
            Discrete(  # x1
                "operator",
                ["linear", "decimate_repeat", "hybrid", "pool", "conv_blurpool", "fir_lowpass"],
            ),
            Discrete("pool", ["avg", "max", "median", "weighted"], {"operator": ["pool"]}),  # x2
            Discrete("length", [8, 12, 24, 36, 48]),  # x3
            Discrete("batch_size", [16, 32, 64, 128]),  # x4
            Discrete("norm", ["batch", "layer", "instance"]),  # x5
            Discrete("projection_channels", [8, 16, 32, 64]),  # x6
            Discrete("channels_1", [8, 16, 32, 64]),  # x7
            Discrete("channels_2", [16, 32, 64, 128]),  # x8
            Discrete("channels_3", [32, 64, 128, 256]),  # x9
            Discrete("short_kernels", [(3, 3, 3), (3, 5, 7), (3, 5, 9), (5, 7, 11)]),  # x10
            Discrete("long_kernels", [(7, 9, 11), (9, 11, 13), (11, 13, 15)]),  # x11
            Discrete("activation", ["relu", "gelu", "silu", "tanh"]),  # x12
            Continuous("dropout", 0.0, 0.5),  # x13
            Continuous("learning_rate", 1e-5, 1e-2, log=True),  # x14
            Continuous("weight_decay", 1e-6, 1e-2, log=True),  # x15
            Discrete("scheduling", ["on", "off"]),  # x16
            Discrete("scheduler", ["plateau", "warmup_cosine"], {"scheduling": ["on"]}),  # x17
            Discrete(  # x18
                "loss",
                [
                    "mse",
                    "mae",
                    "smooth_l1",
                    "mape",
                    "huber",
                    "logcosh",
                    "quantile",
                    "smape",
                    *pairs,
                ],
            ),
            Discrete(  # x19
                "loss_pair",
                [
                    ("mse", "mae"),
                    ("mse", "huber"),
                    ("mae", "huber"),
                    ("mae", "mape"),
                    ("mse", "smape"),
                    ("mae", "quantile"),
                    ("huber", "quantile"),
                    ("mae", "multi_quantile"),
                    ("mse", "smooth_l1"),
                    ("mae", "logcosh"),
                ],
                {"loss": pairs},
            ),
            Discrete("loss_weight", [0.9, 0.7, 0.5], {"loss": ["adaptive_combined"]}),  # x20
            Discrete(  # x21
                "loss_rate", [0.001, 0.01, 0.1, 0.2, 0.5], {"loss": ["adaptive_combined"]}
            ),
            Discrete(  # x22
                "fusion", ["concat", "add", "weighting", "gating", "attention", "cross_mapping"]
            ),
            Discrete("weighting_mode", ["add", "concat"], {"fusion": ["weighting"]}),  # x23
            Discrete(  # x24
                "cross_mapping_mode", ["add", "concat", "gated"], {"fusion": ["cross_mapping"]}
            ),
        ],
        "sklearn_mtl.pipelines.msbcnn_pipeline",
    )
    return space.with_fixed(**fixed)


def attention_mmoe_space(**fixed: Any) -> ConfigurationSpace:
    """Give the space of the Attention-MMoE-DLW system.

    Parameters
    ----------
    **fixed
        Arguments of `sklearn_mtl.pipelines.attention_mmoe_pipeline` that all configurations share,
        such as ``max_epochs=100``. One that names a parameter of the space fixes it.

    Returns
    -------
    space : ConfigurationSpace
        The five parameters that the paper tunes, with the names of the pipeline's arguments.

    Raises
    ------
    ValueError
        If a parameter of the space is fixed to a value that it cannot take.

    Notes
    -----
    The ranges are those of the paper, which trains for up to 100 epochs. Candidates within its
    ranges of integers are ours: every number of experts, every multiple of 32 for the width and the
    batch size. The learning rate is logarithmic.

    References
    ----------
    .. [1] "Attention-MMoE-DLW": multi-gate mixture of experts with attention and dynamic loss
       weighting, for the quality indicators of the sintering process; section "Model prediction
       results analysis".

    Examples
    --------
    >>> from sklearn_mtl.search import attention_mmoe_space
    >>> attention_mmoe_space().table()[["kind", "values"]]
                         kind                           values
    name
    n_experts        discrete              2, 3, 4, 5, 6, 7, 8
    hidden_dim       discrete  64, 96, 128, 160, 192, 224, 256
    learning_rate         log       from 0.0001 to 0.01 in log
    batch_size       discrete                  32, 64, 96, 128
    weight_l1      continuous                  from 0.4 to 0.9
    """
    space = ConfigurationSpace(
        [
            Discrete("n_experts", [2, 3, 4, 5, 6, 7, 8]),
            Discrete("hidden_dim", [64, 96, 128, 160, 192, 224, 256]),
            Continuous("learning_rate", 1e-4, 1e-2, log=True),
            Discrete("batch_size", _BATCH_SIZES),
            Continuous("weight_l1", 0.4, 0.9),
        ],
        "sklearn_mtl.pipelines.attention_mmoe_pipeline",
    )
    return space.with_fixed(**fixed)


def tmoep_space(**fixed: Any) -> ConfigurationSpace:
    """Give the space of the TMoE-P system.

    Parameters
    ----------
    **fixed
        Arguments of `sklearn_mtl.pipelines.tmoep_pipeline` that all configurations share, such as
        ``max_epochs=20``. One that names a parameter of the space fixes it.

    Returns
    -------
    space : ConfigurationSpace
        Seven parameters, with the names of the pipeline's arguments.

    Raises
    ------
    ValueError
        If a parameter of the space is fixed to a value that it cannot take.

    Notes
    -----
    Numbers of blocks, of a target's experts and of their layers are those of the paper's study of
    sensitivity (n_b, n_e and n_l of section IV-D). The paper keeps all else fixed and does not say
    at what: shared experts, width, learning rate and batch size are ours.

    References
    ----------
    .. [1] L. Pan, H. Wang, Z. Chen, Y. Huang and X. Liu, "TMoE-P: Towards the Pareto Optimum for
       Multivariate Soft Sensors", section IV-D and fig. 11.

    Examples
    --------
    >>> from sklearn_mtl.search import tmoep_space
    >>> tmoep_space(n_shared=1).table()[["kind", "values"]]
                         kind                      values
    name
    n_blocks         discrete                  1, 2, 3, 4
    n_specific       discrete               1, 2, 3, 4, 5
    n_expert_layers  discrete               1, 2, 3, 4, 5
    hidden_dim       discrete             16, 32, 64, 128
    learning_rate         log  from 0.0001 to 0.01 in log
    batch_size       discrete             32, 64, 96, 128
    """
    space = ConfigurationSpace(
        [
            Discrete("n_blocks", [1, 2, 3, 4]),
            Discrete("n_specific", [1, 2, 3, 4, 5]),
            Discrete("n_shared", [1, 2, 3, 4, 5]),
            Discrete("n_expert_layers", [1, 2, 3, 4, 5]),
            Discrete("hidden_dim", [16, 32, 64, 128]),
            Continuous("learning_rate", 1e-4, 1e-2, log=True),
            Discrete("batch_size", _BATCH_SIZES),
        ],
        "sklearn_mtl.pipelines.tmoep_pipeline",
    )
    return space.with_fixed(**fixed)
