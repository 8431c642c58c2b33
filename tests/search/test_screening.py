"""Screening: predicted gains, candidates, and a state that follows from the evaluations."""

import numpy as np
import pytest

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.evaluations import Evaluations
from sklearn_mtl.search._engine.gains import expected_gains
from sklearn_mtl.search._engine.hypervolume import hypervolume
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search._engine.screening import FEWEST_ROWS, Screen, _milestones

SPACE = ConfigurationSpace(
    [
        Discrete("on", [True, False]),
        Continuous("x", 0.0, 1.0),
        Continuous("y", 0.0, 1.0, when={"on": [True]}),
        Discrete("rising", [1, 2, 4, 8]),
        Discrete("word", ["a", "b", "c"]),
    ]
)
ENCODING = Encoding(SPACE)


def objectives(genomes, n_objectives):
    x, y, rising = genomes[:, 1], np.where(genomes[:, 0] == 0, genomes[:, 2], 0.5), genomes[:, 3]
    cost = 1 + (y - 0.3) ** 2 + 0.1 * rising
    return np.column_stack([cost * x, cost * (1 - x), cost * np.abs(x - 0.5)])[:, :n_objectives]


def evaluated(n, n_objectives=2, seed=0):
    genomes = ENCODING.random(n, np.random.default_rng(seed))
    return genomes, objectives(genomes, n_objectives)


def ranked(genomes, values, running=None, wide=False, seed=0, screen=None):
    screen = screen or Screen(ENCODING, values.shape[1])
    running = np.zeros((0, len(SPACE.names))) if running is None else running
    known = Evaluations(genomes, values, np.zeros(len(values)))
    return screen.ranked(known, running, wide, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("n", [1, 2, 12])
def test_gains_are_differences_of_hypervolume(seed, n):
    rng = np.random.default_rng(seed)
    # Fronts and points reach beyond the reference and below zero, on a grid with ties.
    front = rng.integers(-4, 16, size=(n, 2)) / 8
    front = np.unique(front[non_dominated(front)], axis=0)
    points = rng.integers(-8, 20, size=(60, 2)) / 8
    reference = np.array([1.1, 1.3])
    gains = expected_gains(front, points, reference, rng)
    before = hypervolume(front, reference)
    for point, gain in zip(points, gains, strict=True):
        after = hypervolume(np.vstack([front, point]), reference)
        assert gain == pytest.approx(after - before, abs=1e-12)


def test_gains_beyond_the_ends_of_the_front():
    front, reference = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([2.0, 2.0])
    points = np.array([[-1.0, 1.5], [1.5, -1.0], [-1.0, -1.0], [1.5, 1.5]])
    gains = expected_gains(front, points, reference, np.random.default_rng(0))
    assert gains == pytest.approx([0.5, 0.5, 9 - 3, 0.0])


def test_gain_of_one_objective_is_the_improvement():
    gains = expected_gains(
        np.array([[2.0]]), np.array([[1.5], [2.5], [2.0]]), np.ones(1), np.random.default_rng(0)
    )
    assert gains.tolist() == [0.5, 0.0, 0.0]


def test_of_three_objectives_what_dominates_gains_and_what_is_dominated_does_not():
    rng = np.random.default_rng(0)
    front = rng.random((10, 3))
    better, worse = front.min(axis=0) - 0.1, front.max(axis=0) + 0.1
    for _ in range(20):
        gains = expected_gains(front, np.stack([better, worse]), np.ones(3), rng)
        assert gains[0] > 0 > gains[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("n_running", [0, 3])
def test_candidates_are_rows_of_the_space(wide, n_objectives, n_running):
    genomes, values = evaluated(50, n_objectives)
    running = ENCODING.random(n_running, np.random.default_rng(1))
    candidates = ranked(genomes, values, running, wide)
    discrete = ~ENCODING.is_continuous
    assert len(candidates) > 20
    assert ((candidates[:, ~discrete] >= 0) & (candidates[:, ~discrete] <= 1)).all()
    choices = candidates[:, discrete]
    assert ((choices >= 0) & (choices < ENCODING.n_choices[discrete])).all()
    assert (choices == np.floor(choices)).all()
    for genome in candidates:
        SPACE.check(ENCODING.decode(genome))
    np.testing.assert_array_equal(candidates, ranked(genomes, values, running, wide))


def test_the_first_candidates_are_better_than_random_ones():
    genomes, values = evaluated(60)
    front = values[non_dominated(values)]
    reference = values.max(axis=0)
    rng = np.random.default_rng(3)
    first = np.array([ranked(genomes, values, seed=seed)[0] for seed in range(20)])

    def gains(rows):
        return expected_gains(
            np.unique(front, axis=0), objectives(rows, 2), reference, np.random.default_rng(0)
        )

    assert gains(first).mean() > 3 * gains(ENCODING.random(500, rng)).mean()


def test_what_is_running_is_not_gained_twice():
    genomes, values = evaluated(60)
    alone = ranked(genomes, values)[0]
    beside = ranked(genomes, values, running=alone[None])[0]
    assert not np.array_equal(alone, beside)


def test_an_evaluation_counts_at_once():
    """Candidates stay for some evaluations; what these found does not gain again."""
    genomes, values = evaluated(61)
    screen = Screen(ENCODING, 2)
    best = ranked(genomes[:60], values[:60], screen=screen)[0]
    genomes[60], values[60] = best, objectives(best[None], 2)[0] - 0.05
    assert not np.array_equal(best, ranked(genomes, values, screen=screen)[0])


def test_proposals_at_the_same_time_differ():
    """Each looks at a part of the candidates."""
    genomes, values = evaluated(60)
    first = {ranked(genomes, values, seed=seed)[0].tobytes() for seed in range(12)}
    assert len(first) > 3


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_state_follows_from_the_evaluations(n_objectives):
    genomes, values = evaluated(70, n_objectives)
    stepwise = Screen(ENCODING, n_objectives)
    for n in (20, 21, 22, 23, 30, 41, 42, 60, 61, 67, 70):
        last = ranked(genomes[:n], values[:n], wide=True, screen=stepwise)
    np.testing.assert_array_equal(last, ranked(genomes, values, wide=True))


def test_milestones_rise_and_keep_close():
    previous = (0, 0)
    for n in range(FEWEST_ROWS, 1500):
        fitted, learnt = _milestones(n)
        assert learnt <= fitted <= n < 1.06 * fitted + 1
        assert fitted < 1.6 * learnt
        assert (fitted, learnt) >= previous
        # The models are as they were until the next milestone.
        assert _milestones(fitted) == (fitted, learnt)
        previous = fitted, learnt


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", ["constant", "one constant", "line", "one point", "huge", "tiny"])
def test_hard_objectives(case):
    genomes, values = evaluated(40)
    values = {
        "constant": np.ones((40, 2)),
        "one constant": values * [1, 0] + 0.1,
        "line": values[:, [0, 0]],
        "one point": np.vstack([[-9.0, -9.0], values[1:]]),
        "huge": values * 1e12,
        "tiny": values * 1e-12,
    }[case]
    screen = Screen(ENCODING, 2)
    for wide in (False, True):
        assert len(ranked(genomes, values, genomes[:2], wide, screen=screen)) > 20
    assert np.isfinite(screen.predict(genomes)).all()
