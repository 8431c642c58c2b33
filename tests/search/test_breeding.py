"""Breeding: where offspring come from."""

import numpy as np
import pytest

from sklearn_mtl.search import MODES, ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._engine.breeding import Breeding, _stacked
from sklearn_mtl.search._engine.encoding import Encoding

SPACE = ConfigurationSpace(
    [Discrete("a", [1, 2, 3, 4]), Discrete("b", ["x", "y"]), Continuous("c", 0.0, 1.0)]
)


def bred(mode, n=40):
    rng = np.random.default_rng(0)
    encoding = Encoding(SPACE)
    breeding = Breeding(encoding, MODES[mode])
    for progress in (0.1, 0.2, 0.3):
        parents = encoding.random(n, rng)
        breeding.advance(parents, rng.random((n, 2)), progress)
    return breeding


def test_a_uniform_number_finds_candidates_by_their_chances():
    rng = np.random.default_rng(0)
    for n_rows in range(1, 6):
        chances = [rng.dirichlet(np.ones(rng.integers(1, 7))) for _ in range(n_rows)]
        chances[0][rng.integers(len(chances[0]))] = 0.0
        chances[0] = chances[0] / chances[0].sum() if chances[0].sum() else np.ones(1)
        table = _stacked(chances)
        grid = (np.arange(100_000) + 0.5) / 100_000
        for row, own in zip(table, chances, strict=True):
            found = np.bincount(np.sum(grid[:, None] >= row, axis=1), minlength=len(own))
            assert found / len(grid) == pytest.approx(own, abs=1e-4)


def test_a_candidate_without_a_chance_is_never_found():
    table = _stacked([np.array([0.1] * 10 + [0.0])])  # ten times 0.1 is a little less than 1
    assert np.sum(np.nextafter(1.0, 0.0) >= table[0]) == 9


@pytest.mark.parametrize("source", ["hot", "not hot"])
def test_assembled_offspring_come_from_their_pool_but_for_a_share(source):
    breeding = bred("paper")
    genomes = breeding.offspring(source, 4000, np.random.default_rng(1))
    pools = breeding._players[0].pools(0.3, 0.2)
    own = pools.hot if source == "hot" else np.concatenate([pools.normal, pools.cold])
    share = np.isin(genomes[:, 0], own).mean()
    assert share == pytest.approx(0.9, abs=0.02)  # cross-pool probability e = 0.1


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("source", ["random", "parents", "hot", "not hot"])
def test_offspring_are_in_the_space(mode, source):
    genomes = bred(mode).offspring(source, 300, np.random.default_rng(2))
    assert genomes.shape == (300, 3)
    assert set(genomes[:, 0]) <= {0, 1, 2, 3} and set(genomes[:, 1]) <= {0, 1}
    assert genomes[:, 2].min() >= 0 and genomes[:, 2].max() <= 1


def test_one_parent_is_enough():
    encoding = Encoding(SPACE)
    breeding = Breeding(encoding, MODES["default"])
    breeding.advance(encoding.random(1, np.random.default_rng(0)), np.ones((1, 2)), 0.5)
    assert breeding.offspring("parents", 20, np.random.default_rng(0)).shape == (20, 3)
