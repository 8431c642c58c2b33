"""Configurations as rows of numbers, over random conditional spaces."""

import numpy as np
import pytest
from scipy.stats import chisquare

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._engine.encoding import Encoding
from tests.search.random_spaces import SEEDS, draw_all, random_space


def same(config, other):
    """Equal in names and order, choices in type too, numbers up to rounding."""
    assert list(config) == list(other)
    for name, value in config.items():
        if isinstance(value, float):
            assert other[name] == pytest.approx(value, rel=1e-12)
        else:
            assert type(other[name]) is type(value)
            assert other[name] == value


@pytest.mark.parametrize("seed", SEEDS)
def test_there_and_back(seed):
    rng = np.random.default_rng(seed)
    space = random_space(seed)
    encoding = Encoding(space)
    for _ in range(10):
        config = space.sample(rng)
        same(config, encoding.decode(encoding.encode(config)))
    for genome in encoding.random(10, rng):
        read = encoding.encode(encoding.decode(genome))
        is_active = encoding.active(genome[None])[0]
        assert read[is_active] == pytest.approx(genome[is_active], abs=1e-12)
        assert np.isnan(read[~is_active]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_active_is_that_of_the_space(seed):
    rng = np.random.default_rng(seed)
    space = random_space(seed)
    encoding = Encoding(space)
    configs = [draw_all(space, rng) for _ in range(20)]
    rows = np.array(
        [
            [
                variable.index(config[variable.name])
                if isinstance(variable, Discrete)
                else variable.encode(config[variable.name])
                for variable in space.variables
            ]
            for config in configs
        ]
    )
    expected = [[name in space.active(config) for name in space.names] for config in configs]
    np.testing.assert_array_equal(encoding.active(rows), expected)
    # What is inactive may as well be missing.
    holed = np.where(expected, rows, np.nan)
    np.testing.assert_array_equal(encoding.active(holed), expected)
    for config, row in zip(configs, holed, strict=True):
        same(space.check(config), encoding.decode(row))


def test_positions_of_what_has_an_order():
    space = ConfigurationSpace(
        [
            Discrete("rising", [8, 12, 24, 36]),
            Discrete("falling", [0.9, 0.5, 0.1]),
            Discrete("two", [1, 2]),
            Discrete("words", ["a", "b", "c"]),
            Continuous("log", 1e-5, 1e-1, log=True),
        ]
    )
    encoding = Encoding(space)
    config = {"rising": 24, "falling": 0.1, "two": 2, "words": "b", "log": 1e-3}
    positions = encoding.positions(encoding.encode(config)[None])[0]
    np.testing.assert_allclose(positions, [2 / 3, np.nan, np.nan, np.nan, 0.5], rtol=1e-12)


def test_random_rows_are_uniform():
    space = ConfigurationSpace(
        [
            Discrete("a", [True, False]),
            Discrete("b", list("xyzuv"), {"a": [True]}),
            Continuous("c", 2.0, 3.0),
        ]
    )
    genomes = Encoding(space).random(3000, np.random.default_rng(0))
    assert chisquare(np.bincount(genomes[:, 0].astype(int), minlength=2)).pvalue > 0.001
    assert chisquare(np.bincount(genomes[:, 1].astype(int), minlength=5)).pvalue > 0.001
    assert chisquare(np.histogram(genomes[:, 2], bins=10, range=(0, 1))[0]).pvalue > 0.001
