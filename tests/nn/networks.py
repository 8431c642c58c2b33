"""Every architecture with tiny parameters, for the properties that all of them share."""

import torch

from sklearn_mtl.nn import ARCHITECTURES, ImplicitEnsemble

# Rows of the table ARCHITECTURES; every architecture needs at least one.
VARIANTS = {
    "mmoe": ("mmoe", {"n_experts": 3, "hidden_dim": 6, "expert_dim": 5, "tower_dim": 4}),
    "mmoe-linear-towers": ("mmoe", {"hidden_dim": 6, "expert_dim": 5, "tower_dim": None}),
    "mmoe-sigmoid": ("mmoe", {"hidden_dim": 6, "expert_dim": 5, "attention": "sigmoid"}),
    "mmoe-softmax": ("mmoe", {"hidden_dim": 6, "expert_dim": 5, "attention": "softmax"}),
    # Batch norm lets rows meet in training; tests/nn/test_ms_bcnn.py has it.
    "ms_bcnn": (
        "ms_bcnn",
        {"projection_channels": 4, "channels": (3, 4, 4), "norm": "layer", "dropout": 0.0},
    ),
    "ms_bcnn-gated": (
        "ms_bcnn",
        {
            "projection_channels": 4,
            "channels": (3, 4, 4),
            "norm": "layer",
            "dropout": 0.0,
            "fusion": "cross_mapping",
            "cross_mapping_mode": "gated",
        },
    ),
    "omoe": ("omoe", {"n_expert_layers": 2, "hidden_dim": 6, "tower_dim": 4}),
    "omoe-wide": (
        "omoe",
        {"n_blocks": 3, "n_specific": 2, "n_shared": 2, "n_expert_layers": 2, "hidden_dim": 5},
    ),
    "omoe-alone": ("omoe", {"n_specific": 2, "n_shared": 0, "n_expert_layers": 1, "hidden_dim": 5}),
    "omoe-shared": (
        "omoe",
        {"n_specific": 0, "n_shared": 2, "n_expert_layers": 2, "hidden_dim": 5},
    ),
    "shared_bottom": ("shared_bottom", {"hidden_dim": 12, "dropout": 0.0}),
    "shared_bottom-towers": (
        "shared_bottom",
        {"hidden_dim": 12, "n_layers": 1, "tower_dim": 4, "dropout": 0.0},
    ),
}


def build(variant, n_features=4, n_targets=3, *, n_members=1, seed=0, **params):
    """Build a variant in double precision, as an ensemble if `n_members` is more than one."""
    name, own = VARIANTS[variant]
    torch.manual_seed(seed)
    if n_members == 1:
        network = ARCHITECTURES[name](n_features, n_targets, **{**own, **params})
    else:
        network = ImplicitEnsemble(
            n_features,
            n_targets,
            network=ARCHITECTURES[name],
            n_members=n_members,
            **{**own, **params},
        )
    return network.double()


def rows(n_rows, n_features=4, seed=1):
    """Random inputs in double precision."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_features, generator=generator, dtype=torch.float64)
