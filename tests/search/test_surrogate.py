"""The surrogate of one objective: what it learns from few rows, and what must not break it."""

import math

import numpy as np
import pytest

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.surrogate import Features, ObjectiveModel, kernel

SPACE = ConfigurationSpace(
    [
        Discrete("on", [True, False]),
        Continuous("x", 0.0, 1.0),
        Continuous("y", 1e-4, 1.0, log=True, when={"on": [True]}),
        Discrete("rising", [1, 2, 4, 8]),
        Discrete("word", ["a", "b", "c"], {"on": [True]}),
        Continuous("idle", 0.0, 1.0),
    ]
)
X, IDLE = SPACE.names.index("x"), SPACE.names.index("idle")


def effects(config):
    """A sum of effects of single variables, none of them of `idle`."""
    effect = (config["x"] - 0.6) ** 2 + 0.1 * math.log(config["rising"])
    if config["on"]:
        effect += 0.1 * math.log10(config["y"]) + {"a": 0.0, "b": 0.3, "c": 0.1}[config["word"]]
    return effect


def rows(n, seed):
    encoding = Encoding(SPACE)
    genomes = encoding.random(n, np.random.default_rng(seed))
    targets = np.array([effects(encoding.decode(genome)) for genome in genomes])
    return Features(encoding), genomes, targets


def fitted(features, genomes, targets, trust=None):
    trust = np.ones(len(targets)) if trust is None else trust
    model = ObjectiveModel(features.variable)
    model.learn_shape(features(genomes), targets, trust)
    model.fit(features(genomes), targets, trust)
    return model


def test_additive_functions_need_few_rows():
    features, genomes, targets = rows(60, seed=0)
    model = fitted(features, genomes, targets)
    _, others, truth = rows(300, seed=1)
    error = model.predict(features(others)).mean - truth
    assert np.sqrt(np.mean(error**2)) < 0.1 * truth.std()
    assert model.predict(features(genomes)).mean == pytest.approx(targets, abs=0.1 * targets.std())


def test_what_has_no_effect_weighs_little():
    features, genomes, targets = rows(80, seed=0)
    weights = fitted(features, genomes, targets)._weights
    weight = {name: weights[features.variable == i].max() for i, name in enumerate(SPACE.names)}
    # That `on` matters is told by what it makes active, too.
    assert all(weight["idle"] < 0.3 * weight[name] for name in ("x", "y", "rising", "word"))


def test_values_of_inactive_variables_do_not_count():
    encoding = Encoding(SPACE)
    features = Features(encoding)
    rng = np.random.default_rng(0)
    genomes = encoding.random(50, rng)
    other = np.where(encoding.active(genomes), genomes, encoding.random(50, rng))
    np.testing.assert_array_equal(features(genomes), features(other))
    # What is active does.
    changed = genomes.copy()
    changed[:, X] = 1 - genomes[:, X]
    assert (features(changed) != features(genomes)).any(axis=1).all()


def test_every_variable_has_features():
    features = Features(Encoding(SPACE))
    assert set(features.variable) == set(range(len(SPACE.names)))
    genomes = Encoding(SPACE).random(4, np.random.default_rng(0))
    assert features(genomes).shape == (4, len(features.variable))


@pytest.mark.parametrize("shape", [(0.1, 0.0, 1.0), (1.0, 0.2, 30.0)])
def test_kernel_by_loops(shape):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    products, local, sharpness = shape
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            dot = sum(p * q for p, q in zip(a, b, strict=True))
            square = sum((p - q) ** 2 for p, q in zip(a, b, strict=True))
            expected = dot + products * dot**2 + local * math.exp(-sharpness * square)
            assert kernel(first, second, shape)[i, j] == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_predictions_follow_the_scale_of_the_objective(scale):
    features, genomes, targets = rows(40, seed=0)
    plain = fitted(features, genomes, targets).predict(features(genomes)).mean
    scaled = fitted(features, genomes, targets * scale + 3 * scale).predict(features(genomes)).mean
    assert scaled / scale - 3 == pytest.approx(plain, abs=0.02 * targets.std())


def test_deviations_grow_away_from_the_data():
    features, genomes, targets = rows(60, seed=0)
    genomes[:, X] *= 0.3
    model = fitted(features, genomes, targets)
    far = genomes.copy()
    far[:, X] = 1.0
    near, away = (model.predict(features(g)).deviation for g in (genomes, far))
    assert (near >= 0).all()
    assert away.min() > near.max()
    # Conditioning of a normal distribution, by inverting all of its covariance
    first, second = features(far) * model._weights, features(genomes) * model._weights
    noise = np.diag(np.full(len(genomes), model._noise))
    with_data = kernel(first, second, model._shape)
    own = kernel(first, first, model._shape)
    own -= with_data @ np.linalg.inv(kernel(second, second, model._shape) + noise) @ with_data.T
    assert away == pytest.approx(np.sqrt(np.diag(own)) * targets.std(), rel=1e-4)


def test_rows_of_little_trust_are_followed_less():
    features, genomes, targets = rows(40, seed=0)
    wrong = targets.copy()
    wrong[7] += 3.0
    trust = np.ones(40)
    trust[7] = 1e-6
    doubtful = fitted(features, genomes, wrong, trust).predict(features(genomes)).mean[7]
    trusted = fitted(features, genomes, wrong).predict(features(genomes)).mean[7]
    assert abs(doubtful - targets[7]) < 0.3 < abs(trusted - targets[7])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", ["constant", "duplicates", "one row", "two values", "outlier"])
def test_hard_data(case):
    features, genomes, targets = rows(30, seed=0)
    if case == "constant":
        targets = np.full(30, 0.1)
    elif case == "duplicates":
        genomes, targets = np.repeat(genomes[:5], 6, axis=0), targets
    elif case == "one row":
        genomes, targets = genomes[:1], targets[:1]
    elif case == "two values":
        targets = (targets > np.median(targets)) * 1.0
    else:
        targets = np.append(targets[:-1], 1e9)
    model = fitted(features, genomes, targets)
    predicted = model.predict(features(genomes))
    assert np.isfinite(predicted.mean).all()
    assert np.isfinite(predicted.deviation).all()
    if case == "constant":
        assert model.predict(features(genomes)).mean == pytest.approx(targets)


def test_learning_forgets_what_was_learnt_before():
    features, genomes, targets = rows(60, seed=0)
    trust = np.ones(60)
    again = ObjectiveModel(features.variable)
    again.learn_shape(features(genomes[:20]), genomes[:20, IDLE], trust[:20])
    again.learn_shape(features(genomes), targets, trust)
    again.fit(features(genomes), targets, trust)
    once = fitted(features, genomes, targets)
    np.testing.assert_array_equal(
        again.predict(features(genomes)).mean, once.predict(features(genomes)).mean
    )
