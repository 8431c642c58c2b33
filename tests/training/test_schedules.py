"""Learning-rate schedules: every step of eq. 58, and the plateau of torch."""

import math

import pytest
import torch

from sklearn_mtl.training import SCHEDULERS, warmup_cosine
from tests.training.plants import Recorder, fit, make_net, recorder, table


def eq_58(s, S, S_w, eta_max, eta_min):
    if 0 <= s < S_w:
        return eta_max * (s + 1) / S_w
    return eta_min + 0.5 * (eta_max - eta_min) * (1 + math.cos(math.pi * (s - S_w) / (S - S_w)))


@pytest.mark.parametrize(("n_steps", "n_warmup"), [(1, 0), (10, 0), (10, 3), (100, 50), (7, 6)])
def test_equals_eq_58_at_every_step(n_steps, n_warmup):
    rates = [warmup_cosine(s, n_steps, n_warmup, 0.3, 0.01) for s in range(n_steps)]
    expected = [eq_58(s, n_steps, n_warmup, 0.3, 0.01) for s in range(n_steps)]
    assert rates == pytest.approx(expected, rel=1e-12)
    assert max(rates) == pytest.approx(0.3)
    assert min(rates) > 0


@pytest.mark.parametrize("max_epochs", [1, 2, 3, 9])
def test_every_training_step_has_the_rate_of_its_number(max_epochs):
    """Two epochs of warm-up, at most half of all; down to one percent; last batch is short."""
    net = make_net(scheduler="warmup_cosine", lr=0.2, max_epochs=max_epochs, callbacks=[Recorder()])
    fit(net, table(40))  # 16, 16 and 8 rows: 3 steps per epoch
    n_steps, n_warmup = 3 * max_epochs, 3 * min(2, max_epochs // 2)
    expected = [eq_58(s, n_steps, n_warmup, 0.2, 0.002) for s in range(n_steps)]
    assert recorder(net).rates == pytest.approx(expected)


def test_a_second_training_begins_with_the_warm_up():
    net = make_net(scheduler="warmup_cosine", max_epochs=4, callbacks=[Recorder()])
    fit(net, table(40))
    fit(net, table(40))
    rates = recorder(net).rates
    assert rates[:12] == pytest.approx(rates[12:])


@pytest.mark.parametrize("validated", [True, False])
def test_plateau_is_that_of_torch(validated):
    net = make_net(scheduler="plateau", lr=0.9, max_epochs=40, batch_size=8, callbacks=[Recorder()])
    fit(net, table(24, missing=0.1), table(40, seed=5) if validated else None)
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.9)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5)
    expected = []
    for loss in net.history[:, "valid_loss" if validated else "train_loss"]:
        expected.append(optimizer.param_groups[0]["lr"])
        plateau.step(loss)
    assert recorder(net).rates[::3] == pytest.approx(expected)
    assert min(expected) < 0.9, "the loss must stop falling, or the test shows nothing"


def test_history_has_a_rate_that_the_epoch_trained_with():
    net = make_net(scheduler="warmup_cosine", max_epochs=4, callbacks=[Recorder()])
    fit(net, table(40))
    for epoch, rate in enumerate(net.history[:, "learning_rate"]):
        assert rate in recorder(net).rates[3 * epoch : 3 * epoch + 3]


def test_without_a_schedule_the_rate_rests():
    net = fit(make_net(callbacks=[Recorder()]), table())
    assert set(recorder(net).rates) == {0.1}
    assert set(SCHEDULERS) == {"plateau", "warmup_cosine"}
