"""What every loss promises: observed entries only, row weights, units, copies, dtypes."""

import ast
import copy
import pickle
import sys
from pathlib import Path

import pytest
import torch

from sklearn_mtl import losses
from sklearn_mtl.losses import (
    COMBINED_PAIRS,
    LOSSES,
    AdaptiveCombinedLoss,
    CombinedLoss,
    MAPELoss,
    MSELoss,
    TaskLoss,
    get_loss,
    loss_names,
)

NAMES = [*loss_names(), "multi_quantile"]
MEAN, SCALE = torch.tensor([50.0, 4.0, 900.0]), torch.tensor([10.0, 0.5, 100.0])


def make_loss(name, *, train=True):
    """Build a loss with target scaling; pairs with a percentage member."""
    pair = {"first": "mae", "second": "mape"} if "combined" in name else {}
    loss = get_loss(name, **pair)
    loss.set_target_scaling(MEAN, SCALE)
    return loss.train(train)


@pytest.fixture
def batch():
    """Predictions and targets of 23 rows; a third of the targets is unobserved."""
    generator = torch.Generator().manual_seed(1)
    prediction = torch.randn(23, 3, generator=generator, requires_grad=True)
    target = torch.randn(23, 3, generator=generator)
    target[torch.rand(23, 3, generator=generator) < 1 / 3] = torch.nan
    return prediction, target


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", NAMES)
class TestEveryLoss:
    def test_nan_equals_deleting_the_entry(self, name, train, batch):
        prediction, target = batch
        loss = make_loss(name, train=train)
        got = loss(prediction, target)
        (gradient,) = torch.autograd.grad(got.sum(), prediction)
        assert (gradient[target.isnan()] == 0).all()
        for k in range(3):
            seen = ~target[:, k].isnan()
            alone = make_loss(name, train=train)
            alone.set_target_scaling(MEAN[k : k + 1], SCALE[k : k + 1])
            column = prediction[seen, k : k + 1].detach().requires_grad_()
            expected = alone(column, target[seen, k : k + 1])
            expected.sum().backward()
            torch.testing.assert_close(got[k : k + 1], expected)
            torch.testing.assert_close(gradient[seen, k : k + 1], column.grad)

    @pytest.mark.parametrize("weighted", [True, False])
    def test_a_target_without_labels_gives_zero_with_a_graph(self, name, train, weighted, batch):
        prediction, target = batch
        target[:, 1] = torch.nan
        got = make_loss(name, train=train)(prediction, target, torch.ones(23) if weighted else None)
        assert got[1] == 0
        assert got.isfinite().all()
        (of_the_target,) = torch.autograd.grad(got[1], prediction, retain_graph=True)
        assert (of_the_target == 0).all()
        (gradient,) = torch.autograd.grad(got.sum(), prediction)
        assert gradient.isfinite().all()
        assert gradient[:, 0].any()

    def test_zero_total_weight_gives_zero(self, name, train, batch):
        prediction, target = batch
        weight = (target[:, 0].isnan()).float()  # nothing observed of target 0 has weight
        got = make_loss(name, train=train)(prediction, target, weight)
        (gradient,) = torch.autograd.grad(got.sum(), prediction)
        assert got[0] == 0
        assert (gradient[:, 0] == 0).all()
        assert (got[1:] > 0).all()

    @pytest.mark.parametrize("missing", [True, False])
    def test_weights_equal_repeated_rows(self, name, train, missing, batch):
        prediction, target = batch
        if not missing:
            target = target.nan_to_num(0.3)
        repeats = torch.arange(23) % 3
        got = make_loss(name, train=train)(prediction, target, repeats.float())
        rows = torch.repeat_interleave(torch.arange(23), repeats)
        expected = make_loss(name, train=train)(prediction[rows], target[rows])
        torch.testing.assert_close(got, expected)
        (gradient,) = torch.autograd.grad(got.sum(), prediction)
        (expected_gradient,) = torch.autograd.grad(expected.sum(), prediction)
        torch.testing.assert_close(gradient, expected_gradient)

    def test_scale_of_the_weights_does_not_matter(self, name, train, batch):
        prediction, target = batch
        weight = 1 + torch.arange(23.0) % 3
        expected = make_loss(name, train=train)(prediction, target, weight)
        for factor in (1e-6, 1e-3, 1e3):  # totals far below and above one
            got = make_loss(name, train=train)(prediction, target, factor * weight)
            torch.testing.assert_close(got, expected)

    def test_unit_weights_equal_none(self, name, train, batch):
        prediction, target = batch
        expected = make_loss(name, train=train)(prediction, target.nan_to_num(0.3))
        got = make_loss(name, train=train)(prediction, target.nan_to_num(0.3), torch.ones(23))
        torch.testing.assert_close(got, expected)

    def test_an_unobserved_infinite_prediction_changes_nothing(self, name, train, batch):
        prediction, target = batch
        wild = prediction.detach().masked_fill(target.isnan(), torch.inf).requires_grad_()
        got = make_loss(name, train=train)(wild, target)
        torch.testing.assert_close(got, make_loss(name, train=train)(prediction, target))
        (gradient,) = torch.autograd.grad(got.sum(), wild)
        assert gradient.isfinite().all()

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_dtype_follows_the_input(self, name, train, dtype, batch):
        prediction, target = (tensor.detach().to(dtype) for tensor in batch)
        for scaling_dtype in (torch.float32, torch.float64):
            loss = make_loss(name, train=train)
            loss.set_target_scaling(MEAN.to(scaling_dtype), SCALE.to(scaling_dtype))
            assert loss(prediction, target).dtype == dtype
            assert loss(prediction, target, torch.ones(23)).dtype == dtype

    def test_copies_equal_the_original_and_share_nothing(self, name, train, batch):
        prediction, target = batch
        loss = make_loss(name, train=train)
        expected = loss(prediction, target).detach()
        for twin in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss), get_loss(loss)):
            assert type(twin) is type(loss)
            assert twin.training is train
            twin.set_target_scaling(2 * MEAN, 0.5 * SCALE)
            torch.testing.assert_close(loss(prediction, target).detach(), expected)
            twin.set_target_scaling(MEAN, SCALE)
            torch.testing.assert_close(twin(prediction, target).detach(), expected)

    def test_state_dict_loads_into_a_fresh_loss(self, name, train, batch):
        prediction, target = batch
        trained = make_loss(name)
        for _ in range(3):
            trained(prediction * torch.rand(1).item(), target)
            if isinstance(trained, AdaptiveCombinedLoss):
                trained.advance_epoch(rate=0.5)
        pair = {"first": "mae", "second": "mape"} if "combined" in name else {}
        fresh = get_loss(name, **pair)
        fresh.load_state_dict(trained.state_dict())
        torch.testing.assert_close(
            fresh.train(train)(prediction, target), trained.train(train)(prediction, target)
        )


def test_totals_are_the_observed_weights():
    target = torch.tensor([[1.0, torch.nan], [2.0, 3.0], [torch.nan, torch.nan]])
    loss, zeros = MSELoss(), torch.zeros(3, 2)
    assert loss.with_totals(zeros, target)[1].tolist() == [2.0, 1.0]
    weight = torch.tensor([0.5, 2.0, 7.0])
    assert loss.with_totals(zeros, target, weight)[1].tolist() == [2.5, 2.0]
    assert loss.with_totals(zeros, zeros)[1] == 3.0


@pytest.mark.parametrize("name", ["mape", "smape"])
def test_percentage_losses_are_computed_in_units(name, batch):
    prediction, target = batch[0].detach(), batch[1].nan_to_num(0.3)
    plain, scaled = get_loss(name), get_loss(name)
    assert scaled.in_units
    scaled.set_target_scaling(MEAN, SCALE)
    torch.testing.assert_close(
        scaled(prediction, target), plain(prediction * SCALE + MEAN, target * SCALE + MEAN)
    )
    assert not torch.allclose(scaled(prediction, target), plain(prediction, target))


def test_mape_known_answer_in_units():
    loss = MAPELoss()
    loss.set_target_scaling(torch.tensor([100.0]), torch.tensor([20.0]))
    # measured 80 and 120, predicted 100: 25 % and 16.67 %
    got = loss(torch.zeros(2, 1), torch.tensor([[-1.0], [1.0]]))
    assert got.item() == pytest.approx((25 + 100 / 6) / 2)


@pytest.mark.parametrize("kind", ["combined", "adaptive_combined"])
def test_a_pair_keeps_each_member_in_its_own_units(kind, batch):
    prediction, target = batch[0].detach(), batch[1]
    mse, mape = get_loss("mse"), get_loss("mape")
    pair = get_loss(kind, first="mse", second="mape", weight=0.25)
    for loss in (mape, pair):
        loss.set_target_scaling(MEAN, SCALE)
    expected = 0.25 * mse(prediction, target) + 0.75 * mape(prediction, target)
    torch.testing.assert_close(pair(prediction, target), expected)


def test_names():
    assert set(loss_names()) == {
        "l1_smooth_l1",
        "mse",
        "mae",
        "smooth_l1",
        "mape",
        "huber",
        "logcosh",
        "quantile",
        "smape",
        "combined",
        "adaptive_combined",
    }
    assert len(loss_names()) == len(LOSSES) == 11
    assert len(set(COMBINED_PAIRS)) == 10
    for name, loss in LOSSES.items():
        assert type(get_loss(name)) is loss


def test_members_are_copied():
    member = MAPELoss(epsilon=0.5)
    pair = CombinedLoss(first=member, second="mae")
    pair.set_target_scaling(MEAN, SCALE)
    assert pair.first.epsilon == 0.5
    assert member.target_mean == 0


def test_a_subclass_fills_one_blank():
    class Cubic(TaskLoss):
        def elementwise(self, prediction, target):
            return (target - prediction).abs() ** 3

    got = get_loss(Cubic())(torch.zeros(2, 2), torch.tensor([[1.0, 2.0], [torch.nan, 4.0]]))
    assert got.tolist() == [1.0, 36.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: get_loss("rmse"), r"`loss` must be one of 'l1_smooth_l1', 'mse', .*'rmse'"),
        (lambda: get_loss(3), r"`loss` must be one of .* Got 3"),
        (lambda: get_loss(MSELoss(), delta=1), r"takes no further parameters. Got \['delta'\]"),
        (lambda: get_loss("combined", first="rmse"), r"`first` must be one of .*'rmse'"),
        (lambda: CombinedLoss(weight=1.5), r"`weight` must lie in \[0, 1\]. Got 1.5"),
        (lambda: CombinedLoss(second=AdaptiveCombinedLoss()), "`second` must not adapt itself"),
        (lambda: get_loss("huber", delta=0), "`delta` must be positive and finite. Got 0"),
        (lambda: get_loss("smooth_l1", beta=-1), "`beta` must be positive"),
        (lambda: get_loss("mape", epsilon=float("nan")), "`epsilon` must be positive"),
        (lambda: get_loss("quantile", tau=1), r"`tau` must lie in \(0, 1\). Got 1"),
        (lambda: get_loss("multi_quantile", taus=()), "`taus` must hold at least one level"),
        (lambda: get_loss("adaptive_combined", rate=-0.1), "`rate` must be non-negative"),
        (lambda: get_loss("l1_smooth_l1", weight_l1=2), "`weight_l1` must lie in"),
    ],
)
def test_errors_name_parameter_rule_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_room_imports_torch_and_itself_only():
    files = sorted(Path(losses.__file__).parent.glob("*.py"))
    imported = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    foreign = {
        name
        for name in imported
        if name.split(".")[0] not in {"torch", *sys.stdlib_module_names}
        and not name.startswith("sklearn_mtl.losses.")
    }
    assert "torch" in imported
    assert foreign == set()
