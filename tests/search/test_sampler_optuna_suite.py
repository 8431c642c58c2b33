"""Optuna's own tests of samplers."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._studies.sampler import PHMOEASampler


class TestWithoutSpace(BasicSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return PHMOEASampler


def variable(name, distribution):
    if isinstance(distribution, CategoricalDistribution):
        return Discrete(name, distribution.choices)
    return Continuous(name, distribution.low, distribution.high, log=distribution.log)


RANGES = [FloatDistribution(-1.0, 1.0), FloatDistribution(1e-7, 1.0, log=True)]


class TestWithSpace(RelativeSamplerTestCase):
    """The space of each test; its distributions are the suite's but for integers and steps.

    A space has no such variables: they are discrete, which Optuna does not take for a range.
    """

    @pytest.fixture
    def sampler(self, request):
        asked = request.node.callspec.params if hasattr(request.node, "callspec") else {}
        distributions = {
            "x": CategoricalDistribution([1, 10, 100]),
            "y": CategoricalDistribution([-1, -10, -100]),
        }
        for name in distributions:
            distributions[name] = asked.get(f"{name}_distribution", distributions[name])
        if "n_jobs" in asked:
            distributions = dict.fromkeys("xy", FloatDistribution(-10, 10))
        space = ConfigurationSpace([variable(name, d) for name, d in distributions.items()])
        return lambda: PHMOEASampler(space, seed=0)

    @pytest.mark.parametrize("x_distribution", RANGES)
    @pytest.mark.parametrize("y_distribution", RANGES)
    def test_sample_relative_numerical(self, sampler, x_distribution, y_distribution):
        super().test_sample_relative_numerical(sampler, x_distribution, y_distribution)

    @pytest.mark.parametrize("x_distribution", RANGES)
    def test_sample_relative_mixed(self, sampler, x_distribution):
        super().test_sample_relative_mixed(sampler, x_distribution)
