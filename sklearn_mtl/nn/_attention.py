"""Task attention: every target enhances its own features."""

import torch
from torch import Tensor, nn

from sklearn_mtl.nn._stacked import StackedLinear

GATE_FUNCTIONS = ("sigmoid", "softmax")


class TaskAttention(nn.Module):
    """Self-gated enhancement of every target's features (Attention-MMoE-DLW, eqs 3-5).

    For the features f of a target, with weights of its own::

        h  = tanh(W1 f + b1)        # eq. 3
        a  = sigmoid(W2 h + b2)     # eq. 4
        f' = f + a * f              # eq. 5

    Parameters
    ----------
    n_targets : int
        Number of targets K.
    n_features : int
        Width d of a target's features.
    gate_function : {"sigmoid", "softmax"}, default="sigmoid"
        What turns the second layer into attention weights.

    Notes
    -----
    Eq. 4 is lost in the published text, which calls the step "self-gated": the sigmoid is a
    reconstruction, and the softmax over features the other reading.

    **Shape**: ``(K, B, d) -> (K, B, d)``.
    """

    def __init__(self, n_targets: int, n_features: int, gate_function: str = "sigmoid") -> None:
        super().__init__()
        self.gate_function = gate_function
        self.inner = StackedLinear(n_targets, n_features, n_features)
        self.outer = StackedLinear(n_targets, n_features, n_features)

    def weights(self, features: Tensor) -> Tensor:
        """Attention weights of shape ``(K, B, d)``."""
        logits = self.outer(torch.tanh(self.inner(features)))
        return logits.softmax(dim=-1) if self.gate_function == "softmax" else logits.sigmoid()

    def forward(self, features: Tensor) -> Tensor:
        """Return the enhanced features."""
        return features + self.weights(features) * features
