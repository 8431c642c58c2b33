"""What every architecture promises, alone and as an implicit ensemble."""

import copy
import io
import pickle

import pytest
import torch

from sklearn_mtl.nn import ARCHITECTURES, task_slices
from tests.nn.networks import VARIANTS, build, rows


def test_every_architecture_is_covered():
    assert {name for name, _ in VARIANTS.values()} == set(ARCHITECTURES)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("variant", VARIANTS)
class TestEveryNetwork:
    def test_forward_is_decode_of_encode(self, variant, n_members):
        network, x = build(variant, n_members=n_members), rows(7)
        decoded = network.decode(network.encode(x))
        expected = network(x) if n_members == 1 else network.members(x).flatten(0, 1)
        torch.testing.assert_close(decoded, expected, rtol=1e-12, atol=1e-14)
        assert network(x).shape == (7, 3)

    def test_encode_has_one_feature_vector_per_target_and_row(self, variant, n_members):
        features = build(variant, n_members=n_members).encode(rows(7))
        assert features.shape[:2] == (3, n_members * 7)

    def test_a_tower_reads_its_own_target_only(self, variant, n_members):
        network = build(variant, n_members=n_members)
        features = network.encode(rows(5)).detach()
        outputs = network.decode(features)
        for k in range(3):
            moved = features.clone()
            moved[k] += 1.0
            changed = (network.decode(moved) != outputs).any(dim=0)
            assert changed.tolist() == [j == k for j in range(3)]

    def test_a_row_does_not_depend_on_the_others(self, variant, n_members):
        network, x = build(variant, n_members=n_members), rows(6)
        alone = torch.cat([network(row[None]) for row in x])
        torch.testing.assert_close(alone, network(x), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(network(x.flip(0)), network(x).flip(0), rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize(
        ("n_rows", "n_features", "n_targets"), [(1, 1, 1), (5, 4, 1), (2, 3, 200), (0, 4, 3)]
    )
    def test_sizes_at_the_edge(self, variant, n_members, n_rows, n_features, n_targets):
        network = build(variant, n_features, n_targets, n_members=n_members)
        outputs = network(rows(n_rows, n_features))
        assert outputs.shape == (n_rows, n_targets)
        assert outputs.isfinite().all()

    def test_dtype_follows_the_parameters(self, variant, n_members):
        network, x = build(variant, n_members=n_members), rows(4)
        double = network(x)
        single = network.float()(x.float())
        assert (double.dtype, single.dtype) == (torch.float64, torch.float32)
        torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)

    def test_ownership_is_where_gradients_are(self, variant, n_members):
        """Declared slices are exactly those that some weights and some batch give a gradient."""
        reached = {}
        for seed in range(4):  # a rectifier may be silent for one draw of weights
            network = build(variant, n_members=n_members, seed=seed)
            parameters = dict(network.named_parameters())
            for k, output in enumerate(network(rows(300, seed=seed)).sin().sum(dim=0)):
                gradients = torch.autograd.grad(
                    output, list(parameters.values()), retain_graph=True, allow_unused=True
                )
                for name, gradient in zip(parameters, gradients, strict=True):
                    found = reached.setdefault(
                        name, torch.zeros(len(parameters[name]), 3, dtype=torch.bool)
                    )
                    if gradient is not None:
                        found[:, k] |= gradient.reshape(len(gradient), -1).any(dim=1)
        declared = task_slices(network, network(rows(2)).sum(dim=0))
        assert declared.keys() == reached.keys()
        for name in declared:
            assert torch.equal(declared[name], reached[name]), name

    def test_copies_and_state_give_the_same_outputs(self, variant, n_members):
        network, x = build(variant, n_members=n_members), rows(6)
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        loaded = build(variant, n_members=n_members, seed=9)
        assert not torch.equal(loaded(x), network(x))
        loaded.load_state_dict(torch.load(file))
        for twin in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network), loaded):
            assert torch.equal(twin(x), network(x))

    def test_dropout_acts_in_training_only(self, variant, n_members):
        network, x = build(variant, n_members=n_members, dropout=0.5), rows(20)
        assert not torch.equal(network(x), network(x))
        network.eval()
        assert torch.equal(network(x), network(x))
        without = build(variant, n_members=n_members, dropout=0.0)
        assert torch.equal(network(x), without(x))
