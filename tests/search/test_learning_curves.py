"""Trainings that fall behind."""

import numpy as np
import pytest
from optuna.exceptions import TrialPruned
from optuna.samplers import RandomSampler
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.search import ConfigurationSpace, Discrete
from sklearn_mtl.search._pareto.learning_curves import (
    STARTUP_CURVES,
    WARMUP_EPOCHS,
    Curve,
    LearningCurveStop,
    median_curve,
)
from sklearn_mtl.search._pareto.pareto_search import ParetoSearchCV
from tests.search.searched import line


class Parameter:
    requires_grad = True

    def numel(self):
        return 10


class Net:
    """As much of a skorch net as the callback reads: 10 parameters and a history."""

    criterion_ = "MSE"

    def __init__(self):
        self.history = []

    @property
    def module_(self):
        return self

    def parameters(self):
        return [Parameter()]


class InOrder(RandomSampler):
    """Propose one choice after the other."""

    def sample_independent(self, study, trial, param_name, param_distribution):
        return param_distribution.choices[trial.number]


def train(stop, losses):
    """Number of epochs until the training ends, by itself or by the callback."""
    net = Net()
    stop.initialize()
    for epoch, loss in enumerate(losses, start=1):
        net.history.append({} if loss is None else {"valid_loss": loss})
        try:
            stop.on_epoch_end(net, dataset_train=None)
        except TrialPruned:
            return epoch
    return len(losses)


def curves(n, n_parameters=10, criterion="'MSE'", level=1.0, n_epochs=12):
    return [Curve([level + 0.1 * i] * n_epochs, n_parameters, criterion) for i in range(n)]


def test_median_by_loops():
    rng = np.random.default_rng(0)
    earlier = [Curve(list(rng.random(rng.integers(3, 12))), 1, "a") for _ in range(9)]
    limits = median_curve(earlier, 1, "a")
    for epoch, limit in enumerate(limits):
        values = [min(c.losses[: epoch + 1]) for c in earlier if len(c.losses) > epoch]
        assert limit == np.median(values)
        assert len(values) >= STARTUP_CURVES
    longer = [c for c in earlier if len(c.losses) > len(limits)]
    assert len(longer) < STARTUP_CURVES


def test_stops_behind_the_median_after_the_first_epochs():
    earlier = curves(5)  # median 1.2
    assert train(LearningCurveStop(earlier, by_size=True), [1.3] * 12) == WARMUP_EPOCHS + 1
    assert train(LearningCurveStop(earlier, by_size=True), [1.1] * 12) == 12
    # The best loss so far counts, not the last.
    assert train(LearningCurveStop(earlier, by_size=True), [1.1] + [9.0] * 11) == 12
    # Nothing is known of later epochs than those of earlier trainings.
    late = [1.3] * WARMUP_EPOCHS
    assert train(LearningCurveStop(curves(5, n_epochs=WARMUP_EPOCHS), True), [*late, 9.0]) == 6


def test_few_curves_say_nothing():
    assert train(LearningCurveStop(curves(STARTUP_CURVES - 1), by_size=True), [9.0] * 12) == 12


def test_larger_networks_and_other_losses_do_not_count():
    larger = curves(9, n_parameters=11)
    assert train(LearningCurveStop(larger, by_size=True), [9.0] * 12) == 12
    assert train(LearningCurveStop(larger, by_size=False), [9.0] * 12) == WARMUP_EPOCHS + 1
    other = curves(9, criterion="'MAE'")
    assert train(LearningCurveStop(other, by_size=True), [9.0] * 12) == 12


def test_records_and_survives_cloning():
    stop = LearningCurveStop([], by_size=True)
    assert clone([stop], safe=False)[0] is stop
    assert train(stop, [3.0, None, 2.0]) == 3
    assert stop.curve == Curve([3.0, 2.0], 10, "'MSE'")
    stop.on_batch_begin(None)  # other events of skorch are passed over
    with pytest.raises(AttributeError):
        _ = stop.something


def test_networks_of_this_package():
    X, y = line(80)
    model = make_pipeline(
        StandardScaler(),
        MultiTaskRegressor(
            architecture_params={"hidden_dim": 4}, ensemble_size=1, max_epochs=8, batch_size=16
        ),
    )
    rates = [1e-2, 1.1e-2, 1.2e-2, 1.3e-2, 1.4e-2, 1e-6]  # the last learns nothing
    space = ConfigurationSpace([Discrete("multitaskregressor__learning_rate", rates)])

    search = ParetoSearchCV(
        model, space, sampler=InOrder(), n_trials=6, learning_curve_stop=True, random_state=0
    ).fit(X, y)
    assert search.cv_results_["state"].tolist() == ["complete"] * 5 + ["pruned"]
    stored = [trial.user_attrs["evaluation"] for trial in search.study_.trials]
    (curve,) = stored[0]["curves"]
    assert len(curve[0]) == 8
    assert curve[1] == search.pareto_front_["n_parameters"][0]
    assert "after epoch 6; the median of earlier trials" in stored[5]["pruned"]
    assert search.best_estimator_[-1].callbacks is None


def test_other_estimators_have_no_curves():
    search = ParetoSearchCV(
        Ridge(), {"alpha": (0.1, 1.0)}, sampler="random", n_trials=1, learning_curve_stop=True
    )
    with pytest.raises(ValueError, match="needs an estimator with a parameter `callbacks`"):
        search.fit(*line())
