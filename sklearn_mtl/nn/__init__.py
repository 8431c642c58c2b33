"""Networks in plain torch: one file per architecture, tensors in, tensors out.

A network maps ``(B, n_features)`` to ``(B, n_targets)`` and is built as
``Network(n_features=..., n_targets=..., **params)``. It may offer more, and what needs it asks:

- ``encode(x) -> (K, B, h)`` and ``towers``, whose output is the prediction: implicit ensembles, and
  gradients of all targets in one pass through the towers;
- ``decode(h) -> (B, K)``: gradients of the shared representation, where there are no towers;
- ``task_slices()``: which slices of stacked parameters belong to which target;
- ``gates(x)``: the share of every expert in every target;
- ``input_channels``: a buffer with the channel of every input, for implicit ensembles of sequences;
- ``prepare_for_prediction()`` and ``rows_per_chunk``: what makes a trained copy predict faster.
"""

from torch import nn

from sklearn_mtl.nn._attention import GATE_FUNCTIONS, TaskAttention
from sklearn_mtl.nn._ensemble import ImplicitEnsemble
from sklearn_mtl.nn._fusion import CROSS_MAPPING_MODES, FUSIONS, WEIGHTING_MODES
from sklearn_mtl.nn._mmoe import MMoE
from sklearn_mtl.nn._ms_bcnn import ACTIVATIONS, BRANCHES, MSBCNN
from sklearn_mtl.nn._omoe import OMoE
from sklearn_mtl.nn._ownership import task_slices
from sklearn_mtl.nn._sequence_norms import NORMS
from sklearn_mtl.nn._shared_bottom import SharedBottom
from sklearn_mtl.nn._stacked import StackedLinear, StackedMLP
from sklearn_mtl.nn._towers import Towers, has_towers
from sklearn_mtl.nn._window_normalization import normalize_windows

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "mmoe": MMoE,
    "ms_bcnn": MSBCNN,
    "omoe": OMoE,
    "shared_bottom": SharedBottom,
}

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "BRANCHES",
    "CROSS_MAPPING_MODES",
    "FUSIONS",
    "GATE_FUNCTIONS",
    "MSBCNN",
    "NORMS",
    "WEIGHTING_MODES",
    "ImplicitEnsemble",
    "MMoE",
    "OMoE",
    "SharedBottom",
    "StackedLinear",
    "StackedMLP",
    "TaskAttention",
    "Towers",
    "has_towers",
    "normalize_windows",
    "task_slices",
]
