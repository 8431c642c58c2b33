"""The public neural estimators with tiny networks, and a small plant to train them on."""

import numpy as np
from skorch.callbacks import Callback

from sklearn_mtl import MMoERegressor
from sklearn_mtl.extension import BaseMultiTaskRegressor
from tests.common import instance, public_estimators

NEURAL = [cls for cls in public_estimators() if issubclass(cls, BaseMultiTaskRegressor)]


def tiny(cls=MMoERegressor, **params):
    """A cheap instance that trains for few epochs."""
    return instance(cls).set_params(**{"max_epochs": 4, "batch_size": 32, **params})


def without_dropout(model):
    """Switch dropout off, wherever the estimator has it."""
    if "dropout" in model.get_params():
        return model.set_params(dropout=0.0)
    return model.set_params(architecture_params={**model.architecture_params, "dropout": 0.0})


def plant(n_rows=100, *, n_targets=2, missing=0.3, seed=0):
    """Inputs and partly missing targets."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2] ** 2, *X.T])[:, :n_targets]
    y = 10 + 3 * y + 0.1 * rng.normal(size=y.shape)
    y[rng.random(y.shape) < missing] = np.nan
    return X, y


class DataWatch(Callback):
    """Keep the parts that training and validation see."""

    def on_epoch_begin(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        self.train, self.valid = dataset_train, dataset_valid


def watched_parts(model, *args, **kwargs):
    """Fit, and return the training and the validation part."""
    model.set_params(callbacks=[("watch", DataWatch())]).fit(*args, **kwargs)
    watch = dict(model.net_.callbacks_)["watch"]
    return watch.train, watch.valid
