"""The log of conflicts between the targets' gradients."""

import numpy as np
import pytest
import torch

from sklearn_mtl import MMoERegressor, TMoEPRegressor
from sklearn_mtl.nn import OMoE
from sklearn_mtl.training import TensorTable
from sklearn_mtl.training._gradient_cosines import pairwise_cosines
from sklearn_mtl.weighting import ParetoObjectiveRouting
from tests.training.plants import fit, make_net, parameters, table
from tests.training.test_gradients import gradients_of_step

OMOE = {"n_expert_layers": 2, "hidden_dim": 5, "tower_dim": 3}


def test_pairs_come_in_the_order_of_the_targets():
    gradients = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 3.0]])
    half = np.sqrt(0.5)
    torch.testing.assert_close(
        pairwise_cosines(gradients), torch.tensor([0.0, -half, half]).float()
    )
    assert pairwise_cosines(gradients[:1]).shape == (0,)
    assert pairwise_cosines(torch.tensor([[0.0, 0.0], [1.0, 0.0]])).isnan().all()


@pytest.mark.parametrize("rule", [None, ParetoObjectiveRouting()])
def test_the_record_is_the_mean_over_the_steps_of_an_epoch(rule):
    """At a learning rate of next to nothing every step starts from the same weights."""
    data = table(48, missing=0.0)
    net = make_net(OMoE, OMOE, weighting=rule, log_gradients=True, lr=1e-12, max_epochs=2)
    expected = []
    for start in range(0, 48, 16):
        batch = TensorTable(data.X[start : start + 16], data.y[start : start + 16])
        gradients, _ = gradients_of_step(make_net(OMoE, OMOE), batch)
        expected.append(pairwise_cosines(gradients))
    fit(net, data)
    for epoch in net.history:
        assert epoch["gradient_cosines"] == pytest.approx(torch.stack(expected).mean(0).tolist())


def test_a_pair_counts_where_both_targets_have_a_label():
    data = table(32, missing=0.0)
    data.y[:16, 1] = torch.nan
    net = fit(make_net(OMoE, OMOE, log_gradients=True, lr=1e-12, max_epochs=1), data)
    second = TensorTable(data.X[16:], data.y[16:])
    expected = pairwise_cosines(gradients_of_step(make_net(OMoE, OMOE), second)[0]).tolist()
    found = net.history[0, "gradient_cosines"]
    assert [found[0], found[2]] == pytest.approx([expected[0], expected[2]])
    assert not np.isnan(found[1])


@pytest.mark.parametrize("rule", [None, ParetoObjectiveRouting("representation")])
def test_logging_changes_nothing_else(rule):
    data = table(48)
    nets = [fit(make_net(OMoE, OMOE, weighting=rule, log_gradients=log), data) for log in (0, 1)]
    torch.testing.assert_close(*[parameters(net) for net in nets], rtol=1e-4, atol=1e-6)


def test_the_history_names_the_pairs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = np.column_stack([X[:, 0], -X[:, 0], X[:, 1]])
    settings = {"max_epochs": 3, "random_state": 0, "log_gradients": True}
    history = MMoERegressor(**settings).fit(X, y).history_
    columns = [name for name in history if name.startswith("gradient_cosine_")]
    assert columns == [f"gradient_cosine_{pair}" for pair in ("y0|y1", "y0|y2", "y1|y2")]
    assert history[columns].abs().to_numpy().max() <= 1 + 1e-6
    # One target has no pair; the log stays silent.
    alone = TMoEPRegressor(**settings).fit(X, y[:, 0]).history_
    assert not [name for name in alone if name.startswith("gradient_cosine_")]
