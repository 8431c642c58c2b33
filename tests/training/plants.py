"""Small data, tiny networks, and callbacks that keep what they see."""

import numpy as np
import torch
from skorch.callbacks import Callback

from sklearn_mtl.extension import MultiTaskNet
from sklearn_mtl.nn import MMoE, SharedBottom
from sklearn_mtl.training import TensorTable

N_FEATURES, N_TARGETS = 4, 3
MMOE = {"n_experts": 2, "hidden_dim": 6, "expert_dim": 4, "tower_dim": 3}
SHARED_BOTTOM = {"hidden_dim": 8, "dropout": 0.0}


def table(n_rows=40, *, missing=0.3, weighted=False, seed=0):
    """Standardised inputs and targets, partly missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, N_FEATURES))
    y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2], np.sin(2 * X[:, 0])])
    y = y + 0.3 * rng.normal(size=y.shape)
    y[rng.random(y.shape) < missing] = np.nan
    return TensorTable(X, y, rng.uniform(0.5, 2.0, n_rows) if weighted else None)


def make_net(module=SharedBottom, params=None, *, seed=0, **kwargs):
    """An initialised net; plain gradient descent and ordered rows unless said otherwise."""
    if params is None:
        params = MMOE if module is MMoE else SHARED_BOTTOM
    settings = {
        "module__n_features": N_FEATURES,
        "module__n_targets": N_TARGETS,
        **{f"module__{name}": value for name, value in params.items()},
        "optimizer": torch.optim.SGD,
        "iterator_train__shuffle": False,
        "lr": 0.1,
        "batch_size": 16,
        "max_epochs": 3,
    }
    torch.manual_seed(seed)
    return MultiTaskNet(module, **(settings | kwargs)).initialize()


def fit(net, data, validation=None):
    """Train an initialised net as it stands."""
    if validation is not None:
        net.train_split = lambda dataset, y=None: (dataset, validation)
    net.partial_fit(data, None)
    net.train_split = None
    return net


def parameters(net):
    """All weights of a net as one vector."""
    return torch.nn.utils.parameters_to_vector(net.module_.parameters()).detach().clone()


def masked_losses(prediction, y, weight=None):
    """Mean squared error per target over its labels, one label at a time."""
    losses = []
    for k in range(y.shape[1]):
        rows = [i for i in range(len(y)) if not torch.isnan(y[i, k])]
        shares = [1.0 if weight is None else weight[i] for i in rows]
        errors = [s * (prediction[i, k] - y[i, k]) ** 2 for i, s in zip(rows, shares, strict=True)]
        losses.append(sum(errors) / sum(shares) if rows else None)
    return losses


class Recorder(Callback):
    """Keep the weights of the network, losses and learning rates of every training step."""

    def initialize(self):
        self.announced, self.weights, self.task_weights, self.rates = [], [], [], []
        self.task_losses = []
        return self

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        if training:
            self.rates.append(net.optimizer_.param_groups[0]["lr"])

    def on_task_losses(self, net, *, losses, observed, **kwargs):
        self.announced.append((losses.detach().clone(), observed))

    def on_batch_end(self, net, batch=None, training=False, **step):
        if training:
            self.weights.append(parameters(net))
            self.task_weights.append(step["task_weights"].clone())
            self.task_losses.append(step["task_losses"].detach().clone())


def recorder(net):
    """Recorder among the callbacks of a net."""
    return next(c for _, c in net.callbacks_ if isinstance(c, Recorder))
