"""Aggregators of torchjd: each against the aggregator itself, and what partial labels change."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mtl import MMoERegressor
from sklearn_mtl.extension import check_weighting
from sklearn_mtl.nn import MMoE
from sklearn_mtl.training import TensorTable
from sklearn_mtl.weighting import EqualWeighting, TorchJDAggregation
from sklearn_mtl.weighting._torchjd import aggregate
from tests.training.plants import fit, make_net, parameters, table

torchjd = pytest.importorskip("torchjd")
aggregation = pytest.importorskip("torchjd.aggregation")

# Arguments without a default, for three targets
ARGUMENTS = {
    "CAGrad": {"c": 0.5},
    "Constant": {"weights": torch.tensor([2.0, 1.0, 0.5])},
    "FairGrad": {"alpha": 1.0},
    "Krum": {"n_byzantine": 0},
    "NashMTL": {"n_tasks": 3},
    "TrimmedMean": {"trim_number": 1},
}
BASES = {"Aggregator", "WeightedAggregator", "GramianWeightedAggregator"}
NAMES = [
    name
    for name in aggregation.__all__
    if issubclass(getattr(aggregation, name), aggregation.Aggregator) and name not in BASES
]
DIRECTION_ONLY = {"ConFIG", "GradDrop", "TrimmedMean"}
NEED_THREE_GRADIENTS = {"Krum", "TrimmedMean"}

# NashMTL has its solver try problems that it cannot solve, and goes on from where it was.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:torchjd"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning:cvxpy"),
]


def build(name):
    """An aggregator with tiny arguments; skips if a solver it needs is not installed."""
    try:
        return getattr(aggregation, name)(**ARGUMENTS.get(name, {}))
    except ImportError as error:
        pytest.skip(str(error))


class Gradients:
    """The gradients of a step, given beforehand."""

    def __init__(self, jacobian):
        self.jacobian = jacobian

    def of_shared_parameters(self):
        return self.jacobian


def jacobian(kind="random", seed=0, n_targets=3, n_shared=20):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(n_targets, n_shared, generator=generator)
    if kind == "conflict":
        matrix[1] = 0.1 * matrix[1] - 3 * matrix[0]
    elif kind == "opposite":
        matrix[1] = -matrix[0]
    elif kind == "equal":
        matrix[:] = matrix[0]
    elif kind == "one is zero":
        matrix[1] = 0
    elif kind == "unequal scales":
        matrix *= torch.logspace(-3, 3, n_targets)[:, None]
    return matrix


KINDS = ["random", "conflict", "opposite", "equal", "one is zero", "unequal scales"]


def announce(rule, matrix, observed=None):
    """Shared gradient and weights of a step; the same random numbers every time."""
    torch.manual_seed(0)
    losses = torch.ones(len(matrix), requires_grad=True)
    rule.on_task_losses(None, losses=losses, observed=observed, gradients=Gradients(matrix))
    return rule.shared_gradient_.clone(), rule.weights_.clone()


def end_batch(rule):
    rule.on_batch_end(None, training=True)


def rule_of(aggregator):
    return TorchJDAggregation(aggregator).initialize()


def seeded(aggregator, matrix):
    torch.manual_seed(0)
    return aggregator(matrix)


def test_arguments_are_given_to_existing_aggregators_only():
    assert set(ARGUMENTS) | DIRECTION_ONLY | NEED_THREE_GRADIENTS <= set(NAMES)
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
class TestEveryAggregator:
    @pytest.mark.parametrize("kind", KINDS)
    def test_gives_the_aggregated_gradient_and_its_weights(self, name, kind):
        aggregator, matrix = build(name), jacobian(kind)
        gradient, weights = announce(rule_of(aggregator), matrix)
        torch.testing.assert_close(gradient, seeded(aggregator, matrix))
        assert gradient.isfinite().all()
        if name in DIRECTION_ONLY:
            assert weights.isnan().all()
        else:
            torch.testing.assert_close(weights @ matrix, gradient)

    def test_leaves_out_a_target_without_labels(self, name):
        """Its row plays no part, whatever stands there."""
        observed, other = torch.tensor([True, False, True]), torch.tensor([True, True, False])
        matrix, changed = jacobian("conflict"), jacobian("conflict")
        changed[1] = 100.0
        rule = rule_of(build(name))
        if name in NEED_THREE_GRADIENTS:
            with pytest.raises(ValueError, match=f"(?s){name} failed .* 2 of 3 .* `batch_size`"):
                announce(rule, matrix, observed)
            return
        gradient, weights = announce(rule, matrix, observed)
        assert weights[1] == 0
        if name not in DIRECTION_ONLY:
            torch.testing.assert_close(weights @ matrix, gradient)
        again, _ = announce(rule_of(build(name)), changed, observed)
        assert torch.equal(again, gradient)
        # Other targets, the same numbers: nothing is carried over from the first two.
        end_batch(rule)
        moved, _ = announce(rule, matrix[[0, 2, 1]], other)
        if name != "Constant":  # whose weights follow their targets
            assert torch.equal(moved, gradient)

    def test_a_single_target(self, name):
        """Alone in its batch."""
        matrix, observed = jacobian(), torch.tensor([True, False, False])
        rule = rule_of(build(name))
        if name in {"NashMTL", *NEED_THREE_GRADIENTS}:
            with pytest.raises(ValueError, match=f"(?s){name} failed .* 1 of 3 .* `batch_size`"):
                announce(rule, matrix, observed)
            return
        gradient, _ = announce(rule, matrix, observed)
        cosine = torch.nn.functional.cosine_similarity(gradient, matrix[0], dim=0)
        assert cosine.item() == pytest.approx(1.0, abs=1e-5)

    @pytest.mark.parametrize("n_shared", [20, 0])
    def test_zero_gradients_and_an_empty_shared_set(self, name, n_shared):
        rule = rule_of(build(name))
        for observed in (None, torch.tensor([False, True, True])):
            gradient, weights = announce(rule, torch.zeros(3, n_shared), observed)
            assert torch.equal(gradient, torch.zeros(n_shared))
            assert torch.equal(weights, torch.ones(3) if observed is None else observed.float())
        end_batch(rule)
        # The state rested.
        matrix = jacobian()
        gradient, _ = announce(rule, matrix)
        assert torch.equal(gradient, announce(rule_of(build(name)), matrix)[0])

    def test_state_moves_once_per_step(self, name):
        """However often a step is announced, as if the aggregator had been called once each."""
        aggregator = build(name)
        rule = rule_of(aggregator)
        for step in range(3):
            matrix = jacobian("conflict", seed=step)
            announce(rule, jacobian(seed=100))
            for _ in range(2):
                gradient, _ = announce(rule, matrix)
            torch.testing.assert_close(gradient, seeded(aggregator, matrix))
            rule.on_batch_end(None, training=False)
            end_batch(rule)

    def test_clones_and_pickles(self, name):
        rule = rule_of(build(name))
        announce(rule, jacobian())
        end_batch(rule)
        matrix = jacobian(seed=1)
        expected, _ = announce(rule, matrix)
        for twin in (pickle.loads(pickle.dumps(rule)), copy.deepcopy(rule)):
            assert torch.equal(announce(twin, matrix)[0], expected)
        fresh = clone(TorchJDAggregation(build(name)), safe=False)
        assert repr(fresh.aggregator) == repr(rule.aggregator)
        first, _ = announce(fresh.initialize(), matrix)
        assert torch.equal(first, seeded(build(name), matrix))

    def test_trains_an_estimator_on_partly_labelled_targets(self, name):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(70, 4))
        y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2], -2 * X[:, 0]])
        y[rng.random(y.shape) < 0.3] = np.nan
        if name not in {"PCD", *NEED_THREE_GRADIENTS}:
            y[10:45, 0] = np.nan  # some batches lack a label of the first target
        model = MMoERegressor(
            weighting=TorchJDAggregation(build(name)),
            n_experts=2,
            hidden_dim=8,
            expert_dim=4,
            batch_size=20,
            max_epochs=2,
            random_state=0,
        )
        model.fit(X, y)
        assert np.isfinite(model.predict(X)).all()
        again = clone(model).fit(X, y)
        assert np.array_equal(again.predict(X), model.predict(X))
        twin = pickle.loads(pickle.dumps(model))
        assert np.array_equal(twin.predict(X), model.predict(X))
        recorded = model.history_.filter(like="weight_").to_numpy()
        assert np.isnan(recorded).all() if name in DIRECTION_ONLY else np.isfinite(recorded).all()


STATEFUL = [name for name in NAMES if issubclass(getattr(aggregation, name), torchjd.Stateful)]


@pytest.mark.parametrize("name", STATEFUL)
def test_a_state_belongs_to_the_targets_that_were_labelled_together(name):
    """Batches with other labels in between do not disturb it."""
    all_three, rule = build(name), rule_of(build(name))
    for step in range(3):
        matrix = jacobian("conflict", seed=step)
        announce(rule, jacobian(seed=50 + step), torch.tensor([True, True, False]))
        end_batch(rule)
        gradient, _ = announce(rule, matrix)
        end_batch(rule)
        torch.testing.assert_close(gradient, seeded(all_three, matrix))


@pytest.mark.parametrize("name", STATEFUL)
def test_a_training_starts_anew_and_leaves_the_users_object_alone(name):
    used, matrix = build(name), jacobian()
    for step in range(3):
        used(jacobian(seed=10 + step))
    further = seeded(copy.deepcopy(used), matrix)
    expected = seeded(build(name), matrix)
    rule = rule_of(used)
    assert torch.equal(announce(rule, matrix)[0], expected)
    end_batch(rule)
    assert torch.equal(announce(rule.initialize(), matrix)[0], expected)
    assert torch.equal(seeded(used, matrix), further)
    if name != "NashMTL":  # which finds its solution from any start
        assert not torch.equal(further, expected)


def test_a_state_inside_a_composed_aggregator_is_kept_too():
    mean = aggregation.CRMOGMWeighting(aggregation.RandomWeighting())
    aggregator = aggregation.WeightedAggregator(mean)
    rule = rule_of(aggregator)
    for step in range(3):
        announce(rule, jacobian(seed=step))
        gradient, weights = announce(rule, jacobian(seed=step))
        end_batch(rule)
        torch.testing.assert_close(gradient, seeded(aggregator, jacobian(seed=step)))
        torch.testing.assert_close(weights @ jacobian(seed=step), gradient)


class TestWhatIsGivenPerTarget:
    """Weights and preferences follow their targets into a batch with fewer of them."""

    observed = torch.tensor([True, False, True])
    values = torch.tensor([3.0, 2.0, 1.0])

    @pytest.mark.parametrize("name", ["UPGrad", "DualProj", "AlignedMTL", "ConFIG"])
    def test_preferences(self, name):
        build(name)
        cls, matrix = getattr(aggregation, name), jacobian("conflict")
        gradient, _ = announce(rule_of(cls(pref_vector=self.values)), matrix, self.observed)
        expected = cls(pref_vector=self.values[self.observed])(matrix[self.observed])
        torch.testing.assert_close(gradient, expected)
        assert not torch.allclose(gradient, cls()(matrix[self.observed]))

    def test_constant_weights(self):
        matrix = jacobian()
        aggregator = aggregation.Constant(self.values)
        gradient, weights = announce(rule_of(aggregator), matrix, self.observed)
        assert weights.tolist() == [3.0, 0.0, 1.0]
        torch.testing.assert_close(gradient, 3 * matrix[0] + matrix[2])
        assert aggregator.weighting.weights.tolist() == [3.0, 2.0, 1.0]

    def test_leaks(self):
        matrix = jacobian("opposite")
        aggregator = aggregation.GradDrop(leak=torch.tensor([1.0, 0.5, 1.0]))
        gradient, _ = announce(rule_of(aggregator), matrix, self.observed)
        torch.testing.assert_close(gradient, matrix[0] + matrix[2])  # all leaks through

    def test_any_number_type(self):
        aggregator = aggregation.Constant(torch.tensor([3, 2, 1]))
        gradient, _ = announce(rule_of(aggregator), jacobian())
        assert gradient.dtype == torch.float32

    @pytest.mark.parametrize(
        ("name", "params"),
        [
            ("Constant", {"weights": torch.ones(2)}),
            ("AlignedMTL", {"pref_vector": torch.ones(4)}),
            ("GradDrop", {"leak": torch.ones(2)}),
            ("NashMTL", {"n_tasks": 2}),
        ],
    )
    @pytest.mark.parametrize("observed", [None, observed])
    def test_another_number_of_targets_is_named(self, name, params, observed):
        build(name)
        rule = rule_of(getattr(aggregation, name)(**params))
        with pytest.raises(ValueError, match=rf"{name} was made for \d targets, but there are 3"):
            announce(rule, jacobian(), observed)

    def test_the_first_target_comes_first_or_not_at_all(self):
        rule = rule_of(aggregation.PCD())
        announce(rule, jacobian(), self.observed)
        with pytest.raises(ValueError, match=r"PCD follows .* first target, .* `batch_size`"):
            announce(rule, jacobian(), torch.tensor([False, True, True]))


class TestKnownAnswers:
    def test_mean_and_sum(self):
        matrix = jacobian()
        assert announce(rule_of("Mean"), matrix)[1].tolist() == pytest.approx([1 / 3] * 3)
        assert announce(rule_of("Sum"), matrix)[1].tolist() == [1.0] * 3

    def test_pcgrad_projects_two_gradients_in_conflict(self):
        g, h = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 1.0])
        gradient, _ = announce(rule_of("PCGrad"), torch.stack([g, h]))
        # g + h/2 = (1/2, 1/2) and h + g = (0, 1)
        assert gradient.tolist() == pytest.approx([0.5, 1.5])

    def test_mgda_descends_both_losses(self):
        matrix = jacobian("conflict")[:2]
        gradient, weights = announce(rule_of("MGDA"), matrix)
        assert weights.sum().item() == pytest.approx(1.0, rel=1e-5)
        assert (matrix @ gradient > 0).all()


class TestTheStep:
    """On the network: experts are shared, gates and towers belong to one target each."""

    def step(self, weighting):
        """Gradients of one step, and those of every loss by the experts and by the rest."""
        net, data = make_net(MMoE, weighting=weighting, max_epochs=1), table(16, missing=0.0)
        losses = net.criterion_(net.module_(data.X), data.y)
        named = dict(net.module_.named_parameters())
        experts = [p for name, p in named.items() if name.startswith("experts")]
        others = [p for name, p in named.items() if not name.startswith("experts")]
        rows = [torch.autograd.grad(loss, experts, retain_graph=True) for loss in losses]
        matrix = torch.stack([torch.cat([g.flatten() for g in row]) for row in rows])
        own = torch.cat([g.flatten() for g in torch.autograd.grad(losses.sum(), others)])
        fit(net, data)
        written = [torch.cat([p.grad.flatten() for p in part]) for part in (experts, others)]
        return matrix, own, *written

    @pytest.mark.parametrize("name", ["IMTLG", "ConFIG"])  # with weights and without
    def test_writes_the_aggregate_into_shared_and_own_gradients_into_other_parameters(self, name):
        matrix, own, shared, others = self.step(TorchJDAggregation(name))
        expected = getattr(aggregation, name)()(matrix)
        torch.testing.assert_close(shared, expected, rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(others, own)
        assert not torch.allclose(shared, matrix.sum(dim=0), rtol=1e-2)

    def test_mean_moves_the_shared_parameters_like_equal_weights(self):
        _, _, equal, shares = self.step(EqualWeighting())
        _, _, mean, own = self.step(TorchJDAggregation("Mean"))
        torch.testing.assert_close(mean, equal, rtol=1e-4, atol=1e-7)
        torch.testing.assert_close(own, 3 * shares, rtol=1e-4, atol=1e-7)


class NotANumber(aggregation.Aggregator):
    def forward(self, matrix):
        return matrix[0] / 0


def test_a_gradient_that_is_not_finite_does_not_reach_the_parameters():
    net = make_net(MMoE, weighting=TorchJDAggregation(NotANumber()))
    before = parameters(net)
    with pytest.raises(ValueError, match="NotANumber gave a gradient that is not finite"):
        fit(net, table())
    assert torch.equal(parameters(net), before)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_training_that_diverged_is_reported_by_the_net(value):
    matrix = jacobian()
    matrix[1, 3] = value
    gradient, weights = announce(rule_of("AlignedMTL"), matrix)
    assert not gradient.isfinite().all()
    assert weights.tolist() == [1.0] * 3
    data = table(16)
    net = make_net(MMoE, weighting=TorchJDAggregation("AlignedMTL"), lr=1e20)
    with pytest.raises(ValueError, match="Training diverged"):
        fit(net, TensorTable(1e5 * data.X, data.y))


def test_weights_are_overheard_not_computed_twice():
    calls = []

    class Counting(aggregation.MeanWeighting):
        def forward(self, matrix):
            calls.append(len(matrix))
            return super().forward(matrix)

    aggregator = aggregation.WeightedAggregator(Counting())
    aggregate(aggregator, jacobian())
    assert calls == [3]
    assert not aggregator.weighting._forward_hooks


def test_a_name_stands_for_the_object():
    vectors = [
        parameters(fit(make_net(MMoE, weighting=TorchJDAggregation(aggregator)), table()))
        for aggregator in ("IMTLG", aggregation.IMTLG())
    ]
    assert torch.equal(*vectors)
    assert clone(TorchJDAggregation("IMTLG"), safe=False).get_params() == {"aggregator": "IMTLG"}


@pytest.mark.parametrize(
    "aggregator",
    ["upgrad", "CAGrad", "Aggregator", "MeanWeighting", None, aggregation.Mean, np.ones(3)],
)
def test_a_wrong_aggregator_is_named(aggregator):
    with pytest.raises(ValueError, match=r"(?s)`aggregator` must be .*'PCGrad'.* Found"):
        rule_of(aggregator)


def test_a_missing_solver_is_named(monkeypatch):
    """By torchjd, which knows the command that installs it."""
    monkeypatch.setattr("torchjd._mixins.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install \"torchjd\["):
        rule_of("UPGrad")


@pytest.mark.parametrize("name", ["IMTLG", "ExcessMTL", "Random"])
def test_keeps_the_contract(name):
    check_weighting(TorchJDAggregation(name))
