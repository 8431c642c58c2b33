"""Every equation of the paper against plain Python loops over entries."""

import math

import pytest
import torch

from sklearn_mtl.losses import COMBINED_PAIRS, CombinedLoss, get_loss

BETA, DELTA, EPSILON, TAU = 0.7, 1.3, 0.05, 0.8
TAUS = (0.1, 0.5, 0.8)
PARAMS = {
    "smooth_l1": {"beta": BETA},
    "huber": {"delta": DELTA},
    "mape": {"epsilon": EPSILON},
    "smape": {"epsilon": EPSILON},
    "quantile": {"tau": TAU},
    "multi_quantile": {"taus": TAUS},
}


def pinball(r, tau):
    return tau * r if r >= 0 else (tau - 1) * r


FORMULAS = {
    "mse": lambda y, p: (y - p) ** 2,  # eq. 59
    "mae": lambda y, p: abs(y - p),  # eq. 60
    "smooth_l1": lambda y, p: (  # eq. 61
        (y - p) ** 2 / (2 * BETA) if abs(y - p) < BETA else abs(y - p) - BETA / 2
    ),
    "mape": lambda y, p: 100 * abs(y - p) / (abs(y) + EPSILON),  # eq. 62
    "huber": lambda y, p: (  # eq. 63
        (y - p) ** 2 / 2 if abs(y - p) <= DELTA else DELTA * (abs(y - p) - DELTA / 2)
    ),
    "logcosh": lambda y, p: math.log(math.cosh(y - p)),  # eq. 64
    "quantile": lambda y, p: pinball(y - p, TAU),  # eq. 65
    "smape": lambda y, p: 100 * 2 * abs(y - p) / (abs(y) + abs(p) + EPSILON),  # eq. 66
    "multi_quantile": lambda y, p: sum(pinball(y - p, tau) for tau in TAUS) / len(TAUS),
}


def loop_mean(formula, prediction, target):
    n_rows, n_targets = target.shape
    return [
        sum(formula(target[n, k].item(), prediction[n, k].item()) for n in range(n_rows)) / n_rows
        for k in range(n_targets)
    ]


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    target = 2 * torch.randn(37, 3, generator=generator, dtype=torch.float64)
    return target + torch.randn(37, 3, generator=generator, dtype=torch.float64), target


@pytest.mark.parametrize("name", FORMULAS)
def test_loss_equals_its_equation(name, batch):
    loss = get_loss(name, **PARAMS.get(name, {}))
    expected = torch.tensor(loop_mean(FORMULAS[name], *batch), dtype=torch.float64)
    torch.testing.assert_close(loss(*batch), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("pair", COMBINED_PAIRS, ids="-".join)
@pytest.mark.parametrize("weight", [0.5, 0.9])
def test_combined_equals_equation_67(pair, weight, batch):
    first, second = (get_loss(name, **PARAMS.get(name, {})) for name in pair)
    a, b = (loop_mean(FORMULAS[name], *batch) for name in pair)
    expected = torch.tensor(
        [weight * x + (1 - weight) * y for x, y in zip(a, b, strict=True)], dtype=torch.float64
    )
    torch.testing.assert_close(CombinedLoss(first, second, weight)(*batch), expected)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_adaptive_combined_starts_as_equation_68(mode, batch):
    a, b = (loop_mean(FORMULAS[name], *batch) for name in ("mae", "logcosh"))
    loss = get_loss("adaptive_combined", first="mae", second="logcosh", weight=0.7)
    getattr(loss, mode)()
    expected = torch.tensor(
        [0.7 * x + 0.3 * y for x, y in zip(a, b, strict=True)], dtype=torch.float64
    )
    torch.testing.assert_close(loss(*batch), expected)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_l1_smooth_l1_equals_equations_6_to_8(mode, batch):
    def formula(y, p):
        size = abs(y - p)
        smooth = size**2 / 2 if size < 1 else size - 0.5
        return 0.6 * size + 0.4 * smooth

    loss = get_loss("l1_smooth_l1", weight_l1=0.6)
    getattr(loss, mode)()
    expected = torch.tensor(loop_mean(formula, *batch), dtype=torch.float64)
    torch.testing.assert_close(loss(*batch), expected)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_logcosh_does_not_overflow_in_float32(sign):
    prediction = torch.zeros(1, 1, requires_grad=True)
    value = get_loss("logcosh")(prediction, torch.full((1, 1), sign * 1e4))
    value.sum().backward()
    assert value.item() == pytest.approx(1e4 - math.log(2), rel=1e-6)
    assert prediction.grad.item() == pytest.approx(-sign)


def test_logcosh_has_the_gradient_tanh():
    residual = torch.linspace(-5, 5, 101)[:, None]
    prediction = torch.zeros(101, 1, requires_grad=True)
    get_loss("logcosh").elementwise(prediction, residual).sum().backward()
    torch.testing.assert_close(prediction.grad, -torch.tanh(residual), rtol=1e-5, atol=2e-7)


def test_default_quantiles_are_half_the_absolute_error(batch):
    for name in ("quantile", "multi_quantile"):
        torch.testing.assert_close(get_loss(name)(*batch), get_loss("mae")(*batch) / 2)


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
def test_minimiser_of_the_pinball_loss_is_the_quantile(tau):
    target = torch.arange(101.0)[:, None]
    loss = get_loss("quantile", tau=tau)
    losses = [loss(torch.full_like(target, c), target).item() for c in range(101)]
    assert min(range(101), key=losses.__getitem__) == pytest.approx(100 * tau, abs=1)
