"""Training on skorch: the net with its task losses, tensor slices, and the callbacks."""

from sklearn_mtl.training._batches import TensorBatches, TensorTable
from sklearn_mtl.training._gradients import StepGradients
from sklearn_mtl.training._net import MultiTaskNet
from sklearn_mtl.training._predictor import Predictor
from sklearn_mtl.training._schedules import SCHEDULERS, warmup_cosine
from sklearn_mtl.training._sharing import Sharing

__all__ = [
    "SCHEDULERS",
    "MultiTaskNet",
    "Predictor",
    "Sharing",
    "StepGradients",
    "TensorBatches",
    "TensorTable",
    "warmup_cosine",
]
