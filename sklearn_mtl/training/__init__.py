"""Training on skorch: the net with its task losses, tensor slices, and the callbacks."""

from sklearn_mtl.training._batches import TensorBatches, TensorTable
from sklearn_mtl.training._gradients import SharedSlices, StepGradients, shared_slices
from sklearn_mtl.training._net import MultiTaskNet
from sklearn_mtl.training._predictor import Predictor
from sklearn_mtl.training._schedules import SCHEDULERS, warmup_cosine

__all__ = [
    "SCHEDULERS",
    "MultiTaskNet",
    "Predictor",
    "SharedSlices",
    "StepGradients",
    "TensorBatches",
    "TensorTable",
    "shared_slices",
    "warmup_cosine",
]
