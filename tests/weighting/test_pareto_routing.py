"""Pareto objective routing: the weights, the update of eq. 13, and what moves between steps."""

import itertools
import pickle

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import MMoERegressor, PLERegressor, TMoEPRegressor
from sklearn_mtl.metrics import masked_r2_scorer
from sklearn_mtl.nn import ImplicitEnsemble, MMoE, OMoE, SharedBottom
from sklearn_mtl.training import TensorTable
from sklearn_mtl.weighting import EqualWeighting, FixedWeighting, ParetoObjectiveRouting
from sklearn_mtl.weighting._pareto_routing import routing_weights
from tests.training.plants import MMOE, Recorder, fit, make_net, masked_losses, parameters, table
from tests.training.test_gradients import Branches, expected_gradients, step_gradients

OMOE = {"n_expert_layers": 2, "hidden_dim": 5, "tower_dim": 3}


def simplex(n_targets, steps):
    """All weights that are multiples of one over `steps`."""
    counts = itertools.product(range(steps + 1), repeat=n_targets - 1)
    return [
        np.array([*count, steps - sum(count)]) / steps for count in counts if sum(count) <= steps
    ]


@pytest.mark.parametrize("n_targets", [2, 3])
@pytest.mark.parametrize("min_weight", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("normalize", [None, "l2", "loss", "loss+"])
def test_no_other_allowed_weights_give_a_shorter_gradient(n_targets, min_weight, normalize):
    rng = np.random.default_rng(n_targets)
    for _ in range(10):
        gradients = rng.normal(size=(n_targets, 5)) * rng.uniform(0.2, 3, (n_targets, 1)) + 0.5
        losses = rng.uniform(0.1, 2, n_targets)
        divisor = np.ones(n_targets)
        if normalize in ("l2", "loss+"):
            divisor *= np.linalg.norm(gradients, axis=1)
        if normalize in ("loss", "loss+"):
            divisor *= losses
        scaled = gradients / divisor[:, None]
        weights, _ = routing_weights(
            gradients @ gradients.T, losses, normalize=normalize, min_weight=min_weight
        )
        assert weights.sum() == pytest.approx(1)
        assert weights.min() >= min_weight - 1e-12
        length = np.linalg.norm(weights @ scaled)
        others = [w for w in simplex(n_targets, 40) if w.min() >= min_weight]
        assert length <= min(np.linalg.norm(w @ scaled) for w in others) + 1e-12


def test_unit_gradients_of_two_targets_always_weigh_the_same():
    gradients = np.random.default_rng(0).normal(size=(2, 6)) * [[1.0], [50.0]]
    weights, collapsed = routing_weights(gradients @ gradients.T, np.ones(2), normalize="l2")
    np.testing.assert_allclose(weights, 0.5)
    assert not collapsed


@pytest.mark.parametrize("min_weight", [0.0, 0.2])
def test_a_target_at_its_smallest_weight_counts_as_collapsed(min_weight):
    gradients = np.array([[1.0, 0.0], [5.0, 0.1]])  # the first is shorter than any mixture
    weights, collapsed = routing_weights(gradients @ gradients.T, np.ones(2), min_weight=min_weight)
    assert collapsed
    np.testing.assert_allclose(weights, [1 - min_weight, min_weight])


def test_zero_gradients_and_losses_are_no_division_by_zero():
    gramian = np.diag([0.0, 1.0, 2.0])
    for normalize in (None, "l2", "loss", "loss+"):
        weights, _ = routing_weights(gramian, np.array([0.0, 1.0, 0.0]), normalize=normalize)
        np.testing.assert_allclose(weights, [1, 0, 0])
    weights, collapsed = routing_weights(np.zeros((3, 3)), np.ones(3), normalize="loss+")
    np.testing.assert_allclose(weights, 1 / 3)
    assert not collapsed


NETWORKS = {
    "mmoe": (MMoE, MMOE),
    "omoe": (OMoE, OMOE),
    "shared_bottom": (SharedBottom, {"hidden_dim": 8}),
    "ensemble": (ImplicitEnsemble, {"network": OMoE, "n_members": 2, **OMOE}),
    "undeclared": (Branches, {}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_is_algorithm_1(name):
    """Weights from the Gram matrix, then eq. 13 for every slice of every parameter."""
    module, params = NETWORKS[name]
    data = table(16, missing=0.2)
    twin = make_net(module, params)
    gradients, losses = step_gradients(twin, data)
    jacobian = gradients.of_shared_parameters().numpy()
    weights, _ = routing_weights(jacobian @ jacobian.T, losses.detach().numpy())
    expected = expected_gradients(twin, losses, torch.tensor(weights))
    net = make_net(module, params, weighting=ParetoObjectiveRouting(), max_epochs=1)
    before = dict(twin.module_.named_parameters())
    fit(net, data)
    assert net.history[0, "task_weights"] == pytest.approx(weights, abs=1e-5)
    for key, parameter in net.module_.named_parameters():
        step = before[key].detach() - 0.1 * expected[key]
        torch.testing.assert_close(parameter.double(), step, rtol=1e-4, atol=1e-5, msg=key)


@pytest.mark.parametrize("gradients", ["exact", "representation"])
def test_the_exact_direction_descends_for_all_targets(gradients):
    """<d, g_k> >= |d|^2 for every target: the property that makes the direction a common one."""
    data = table(16, missing=0.0)
    net = make_net(OMoE, OMOE)
    step, losses = step_gradients(net, data)
    jacobian = step.of_shared_parameters()
    source = jacobian if gradients == "exact" else step.of_shared_representation()
    gramian = (source @ source.T).numpy()
    weights = torch.tensor(routing_weights(gramian, losses.detach().numpy())[0])
    direction = weights @ source
    assert (source @ direction >= direction @ direction - 1e-9).all()


def test_the_representation_gives_weights_of_its_own():
    data = table(64)
    histories = [
        fit(make_net(OMoE, OMOE, weighting=ParetoObjectiveRouting(gradients)), data).history
        for gradients in ("exact", "representation")
    ]
    exact, bound = (np.array(h[:, "task_weights"]) for h in histories)
    assert not np.allclose(exact, bound, atol=1e-3)
    np.testing.assert_allclose(bound.sum(axis=1), 1, rtol=1e-5)


def test_a_target_without_a_label_is_left_out_of_the_problem():
    data = table(16, missing=0.0)
    labels = data.y.clone()
    labels[:, 1] = torch.nan
    net = make_net(OMoE, OMOE, weighting=ParetoObjectiveRouting(), max_epochs=1)
    gradients, losses = step_gradients(make_net(OMoE, OMOE), TensorTable(data.X, labels))
    jacobian = gradients.of_shared_parameters()[[0, 2]].numpy()
    expected, _ = routing_weights(jacobian @ jacobian.T, losses.detach()[[0, 2]].numpy())
    fit(net, TensorTable(data.X, labels))
    found = net.history[0, "task_weights"]
    assert found[1] == 0
    assert [found[0], found[2]] == pytest.approx(expected, abs=1e-5)


def test_with_one_target_it_is_plain_training():
    data = table(40, missing=0.0)
    one = TensorTable(data.X, data.y[:, :1])
    vectors = [
        parameters(fit(make_net(MMoE, module__n_targets=1, weighting=rule), one))
        for rule in (ParetoObjectiveRouting(), EqualWeighting())
    ]
    torch.testing.assert_close(*vectors)


def test_with_nothing_shared_every_target_is_trained_alone():
    """Its own gradient, where equal weights take the mean: the same at K times the rate."""
    data, params = table(40, missing=0.0), {**OMOE, "n_shared": 0}
    por = fit(make_net(OMoE, params, weighting=ParetoObjectiveRouting(), lr=0.02), data)
    equal = fit(make_net(OMoE, params, weighting=EqualWeighting(), lr=0.06), data)
    torch.testing.assert_close(parameters(por), parameters(equal), rtol=1e-4, atol=1e-6)
    assert por.history[0, "task_weights"] == pytest.approx([1 / 3] * 3)
    assert por.history[0, "collapsed_share"] == 0


def weights_of_steps(rule, data, **kwargs):
    net = make_net(OMoE, OMOE, weighting=rule, callbacks=[Recorder()], **kwargs)
    fit(net, data)
    recorder = next(c for _, c in net.callbacks_ if isinstance(c, Recorder))
    return np.array([w.numpy() for w in recorder.task_weights])


PLAIN = ParetoObjectiveRouting(smoothing=0.0)


def test_smoothing_is_a_weighted_mean_of_all_steps_so_far():
    """At a learning rate of next to nothing the problem of a batch stays the same."""
    data = table(48, missing=0.0)
    solved = weights_of_steps(PLAIN, data, lr=1e-12)
    smooth = weights_of_steps(ParetoObjectiveRouting(smoothing=0.8), data, lr=1e-12)
    for step, found in enumerate(smooth):
        shares = 0.8 ** np.arange(step, -1, -1)
        expected = shares @ solved[: step + 1] / shares.sum()
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_target_keeps_its_average_while_it_has_no_label():
    """The other two share the weight by their own averages, which go on."""
    data = table(48, missing=0.0)
    labels = data.y.clone()
    labels[16:32, 0] = torch.nan
    partly = TensorTable(data.X, labels)
    solved = weights_of_steps(PLAIN, partly, lr=1e-12, max_epochs=1)
    found = weights_of_steps(ParetoObjectiveRouting(smoothing=0.8), partly, lr=1e-12, max_epochs=1)
    np.testing.assert_allclose(found[0], solved[0], rtol=1e-5)
    # Among two of three targets, weights that sum to one stand for two thirds.
    pair = (0.8 * solved[0] + solved[1] * 2 / 3)[1:] / 1.8
    np.testing.assert_allclose(found[1], [0, *(pair / pair.sum())], rtol=1e-4)
    first = (0.8 * solved[0][0] + solved[2][0]) / 1.8
    others = (0.64 * solved[0][1:] + 0.8 * solved[1][1:] * 2 / 3 + solved[2][1:]) / 2.44
    expected = np.array([first, *others])
    np.testing.assert_allclose(found[2], expected / expected.sum(), rtol=1e-4)


def test_weights_are_kept_for_as_many_steps_as_asked():
    data = table(48, missing=0.0)
    every_step = weights_of_steps(PLAIN, data, lr=1e-12)
    rarely = weights_of_steps(ParetoObjectiveRouting(every=4, smoothing=0.0), data, lr=1e-12)
    assert len(rarely) == 9
    for step, found in enumerate(rarely):
        np.testing.assert_allclose(found, every_step[step - step % 4], rtol=1e-4)


def test_kept_weights_are_shared_out_among_the_labelled_targets():
    data = table(48, missing=0.0)
    labels = data.y.clone()
    labels[16:32, 0] = torch.nan
    rule = ParetoObjectiveRouting(every=2)
    found = weights_of_steps(rule, TensorTable(data.X, labels), lr=1e-12)
    expected = found[0] * [0, 1, 1]
    np.testing.assert_allclose(found[1], expected / expected.sum(), rtol=1e-5)


def test_weights_kept_until_a_step_with_two_labelled_targets():
    """A step that is due but has one labelled target leaves the problem to the next step."""
    data = table(48, missing=0.0)
    labels = data.y.clone()
    labels[16:32, 1:] = torch.nan
    rule = ParetoObjectiveRouting(smoothing=0.0, every=1)
    found = weights_of_steps(rule, TensorTable(data.X, labels), lr=1e-12, max_epochs=2)
    np.testing.assert_allclose(found[1], [1, 0, 0])
    whole = weights_of_steps(PLAIN, data, lr=1e-12, max_epochs=1)
    np.testing.assert_allclose(found[[0, 2, 3, 5]], whole[[0, 2, 0, 2]], rtol=1e-4)


def test_no_labelled_target_falls_below_the_floor():
    data = table(160, missing=0.5)
    for every in (1, 4):
        rule = ParetoObjectiveRouting(min_weight=0.3, every=every)
        found = weights_of_steps(rule, data, batch_size=4, max_epochs=2)
        labelled = ~data.y.isnan().numpy().reshape(-1, 4, 3).all(axis=1)
        weights = found[: len(labelled)]
        assert (weights[labelled] >= 0.3 - 1e-6).all()
        assert (weights[~labelled] == 0).all()


def test_the_share_of_collapsed_steps_is_recorded():
    """The second target is ten times the first: its gradient is long and of the same direction."""
    data = table(64, missing=0.0)
    twin = TensorTable(data.X, torch.stack([data.y[:, 0], 10 * data.y[:, 0]], dim=1))
    rule = ParetoObjectiveRouting()  # smoothing hides no collapse
    net = fit(make_net(SharedBottom, module__n_targets=2, weighting=rule, lr=1e-9), twin)
    # The towers' signs decide whether the gradients agree; count by hand.
    shares = []
    for start in range(0, 64, 16):
        batch = TensorTable(twin.X[start : start + 16], twin.y[start : start + 16])
        step, losses = step_gradients(make_net(SharedBottom, module__n_targets=2), batch)
        jacobian = step.of_shared_parameters().numpy()
        shares.append(routing_weights(jacobian @ jacobian.T, losses.detach().numpy())[1])
    assert net.history[:, "collapsed_share"] == pytest.approx([np.mean(shares)] * 3)


def test_targets_in_perfect_agreement_collapse_in_every_step():
    class OneLine(torch.nn.Module):
        def __init__(self, n_features, n_targets):
            super().__init__()
            self.layer = torch.nn.Linear(n_features, 1)

        def forward(self, x):
            return self.layer(x).expand(-1, 2) * torch.tensor([1.0, 3.0])

    data = table(64, missing=0.0)
    labels = torch.stack([data.y[:, 0], 3 * data.y[:, 0]], dim=1)
    net = make_net(OneLine, {}, weighting=ParetoObjectiveRouting(), module__n_targets=2)
    fit(net, TensorTable(data.X, labels))
    assert net.history[:, "collapsed_share"] == [1.0] * 3
    assert net.history[0, "task_weights"] == [1.0, 0.0]


def regression_data(n_rows=150, n_targets=3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 5))
    y = X @ rng.normal(size=(5, n_targets)) + np.sin(2 * X[:, :1])
    y[rng.random(y.shape) < 0.3] = np.nan
    return X, y


@pytest.mark.parametrize("gradients", ["exact", "representation"])
def test_200_targets(gradients):
    X, y = regression_data(n_targets=200)
    model = TMoEPRegressor(
        weighting=ParetoObjectiveRouting(gradients), hidden_dim=4, tower_dim=2, max_epochs=2
    ).fit(X, y)
    weights = model.history_.filter(like="weight_").to_numpy()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-4)
    assert np.isfinite(model.predict(X)).all()


def test_the_systems_differ_in_the_rule_only():
    X, y = regression_data()
    settings = {"hidden_dim": 8, "max_epochs": 3, "random_state": 0}
    ple = PLERegressor(weighting="por", **settings).fit(X, y)
    tmoep = TMoEPRegressor(**settings).fit(X, y)
    np.testing.assert_array_equal(ple.predict(X), tmoep.predict(X))
    plain = PLERegressor(**settings).fit(X, y)
    assert plain.n_parameters_ == tmoep.n_parameters_
    assert not np.allclose(plain.predict(X), tmoep.predict(X))
    assert "collapsed_share" in tmoep.history_ and "collapsed_share" not in plain.history_


def test_training_goes_on_after_pickling():
    X, y = regression_data()
    model = TMoEPRegressor(hidden_dim=8, max_epochs=2, random_state=0).fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    for part in (model, twin):
        # An optimizer starts anew after pickling; let both do so.
        part.net_.__dict__.pop("optimizer_", None)
        part.partial_fit(X, y)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))


def test_a_grid_over_the_parameters_of_the_rule():
    X, y = regression_data()
    model = MMoERegressor(weighting=ParetoObjectiveRouting(), max_epochs=3, random_state=0)
    grid = {"weighting__smoothing": [0.0, 0.9], "weighting__gradients": ["exact", "representation"]}
    search = GridSearchCV(model, grid, cv=2, scoring=masked_r2_scorer).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) == 4  # four different trainings
    assert search.best_estimator_.weighting.get_params() in [
        {**ParetoObjectiveRouting().get_params(), **{k.partition("__")[2]: v for k, v in p.items()}}
        for p in search.cv_results_["params"]
    ]


def test_diverging_training_is_reported_by_the_net():
    X, y = regression_data()
    model = TMoEPRegressor(optimizer="sgd", learning_rate=1e6, max_epochs=5)
    with pytest.raises(ValueError, match="Training diverged"):
        model.fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"gradients": "approximate"}, r"`gradients` must be one of.*Found 'approximate'"),
        ({"solver": "simplex"}, r"`solver` must be one of.*Found 'simplex'"),
        ({"normalize": "l1"}, r"`normalize` must be one of.*Found 'l1'"),
        ({"every": 0}, "`every` must be an int of at least 1. Found 0"),
        ({"every": 1.5}, "`every` must be an int of at least 1. Found 1.5"),
        ({"smoothing": "x"}, r"`smoothing` must be in .* Found 'x'"),
        ({"min_weight": None}, r"`min_weight` must be in .* Found None"),
        ({"smoothing": 1.0}, r"`smoothing` must be in \[0, 1\). Found 1.0"),
        ({"min_weight": -0.1}, r"`min_weight` must be in \[0, 1\]. Found -0.1"),
        ({"min_weight": 0.4}, "`min_weight` must be at most 1 / 3 for 3 targets. Found 0.4"),
    ],
)
def test_wrong_parameters(params, message):
    X, y = regression_data()
    with pytest.raises(ValueError, match=message):
        TMoEPRegressor(weighting=ParetoObjectiveRouting(**params)).fit(X, y)


def test_a_network_without_features_cannot_give_gradients_by_them():
    net = make_net(Branches, {}, weighting=ParetoObjectiveRouting(gradients="representation"))
    with pytest.raises(ValueError, match=r"Branches is none; use gradients='exact'"):
        fit(net, table())


def test_fixed_weights_scale_the_towers_and_routing_does_not():
    """The difference between a weighted sum of losses and eq. 13."""
    data = table(16, missing=0.0)
    net = make_net(MMoE, weighting=FixedWeighting([1.8, 0.6, 0.6]), max_epochs=1)
    losses = torch.stack(masked_losses(net.module_(data.X), data.y))
    tower = "towers.layers.0.weight"
    (own,) = torch.autograd.grad(losses.sum(), net.module_.get_parameter(tower))
    before = net.module_.get_parameter(tower).detach().clone()
    fit(net, data)
    moved = before - net.module_.get_parameter(tower).detach()
    torch.testing.assert_close(moved[0], 0.1 * 1.8 / 3 * own[0], rtol=1e-4, atol=1e-6)
    por = make_net(MMoE, weighting=ParetoObjectiveRouting(), max_epochs=1)
    fit(por, data)
    moved = before - por.module_.get_parameter(tower).detach()
    torch.testing.assert_close(moved, 0.1 * own, rtol=1e-4, atol=1e-6)
