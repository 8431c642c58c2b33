"""H-DTLZ2 and H-DTLZ7: the paper's equations by loops, their true fronts, and the same in pymoo."""

import math
import sys

import numpy as np
import pytest
from pymoo.indicators.hv import HV

from sklearn_mtl.search.problems import HDTLZ2, HDTLZ7, as_pymoo

PROBLEMS = [HDTLZ2, HDTLZ7]
NEUTRAL = {HDTLZ2: 0.5, HDTLZ7: 0.0}
SHIFT = 0.3


@pytest.fixture(params=PROBLEMS)
def cls(request):
    return request.param


def random_points(problem, n_points, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.random((n_points, problem.n))
    return z, rng.random((n_points, problem.n - 2)) < 0.5


def config_of(z, active):
    config = {"z1": z[0], "z2": z[1]}
    for j, on in enumerate(active, start=3):
        config[f"s{j}"] = bool(on)
        if on:
            config[f"z{j}"] = z[j - 1]
    return config


def objectives_by_loops(cls, z, active, gamma, coupling, shift):
    """Equations (27) to (35) for one point, with deviations from a shifted optimum."""
    n = len(z)
    d, on = {}, {}
    for j in range(2, n + 1):
        on[j] = j == 2 or bool(active[j - 3])
        value = z[j - 1] if on[j] else NEUTRAL[cls]
        d[j] = value - NEUTRAL[cls] - (shift if j > 2 else 0.0)
    tail = [j for j in range(3, n + 1) if on[j]]
    c = 0.0
    for j in tail:
        parent = j - 1 if coupling == "chain" else math.floor((j - 3) / 2) + 2
        c += (d[j] - d[parent]) ** 2 / len(tail)
    if cls is HDTLZ2:
        g = sum(d[j] ** 2 for j in d) / (n - 1) + gamma * c
        return (
            (1 + g) * math.cos(math.pi / 2 * z[0]),
            (1 + g) * math.sin(math.pi / 2 * z[0]),
        )
    g = 1 + 9 / (n - 1) * sum(abs(d[j]) for j in d) + gamma * c
    h = 2 - z[0] / g * (1 + math.sin(3 * math.pi * z[0]))
    return z[0], g * h / 2


@pytest.mark.parametrize("shift", [None, SHIFT])
@pytest.mark.parametrize("coupling", ["chain", "tree"])
@pytest.mark.parametrize(("n", "gamma"), [(3, 0.1), (10, 0.1), (11, 2.0), (6, 0.0)])
def test_equations(cls, n, gamma, coupling, shift):
    problem = cls(n=n, gamma=gamma, coupling=coupling, shift=shift)
    z, active = random_points(problem, 40)
    active[0], active[1] = False, True
    expected = [
        objectives_by_loops(cls, *point, gamma, coupling, shift or 0.0)
        for point in zip(z, active, strict=True)
    ]
    np.testing.assert_allclose(problem.evaluate_many(z, active), expected, rtol=1e-12)
    one_by_one = [problem.evaluate(config_of(*point)) for point in zip(z, active, strict=True)]
    np.testing.assert_array_equal(one_by_one, problem.evaluate_many(z, active))


def test_topologies_differ(cls):
    z, active = random_points(cls(), 50)
    active[:, :] = True
    chain, tree = (cls(coupling=name).evaluate_many(z, active) for name in ("chain", "tree"))
    assert not np.allclose(chain, tree)


def test_values_behind_switches_that_are_off_do_not_count(cls):
    problem = cls(shift=SHIFT)
    z, active = random_points(problem, 100)
    other = z.copy()
    other[:, 2:] = np.where(active, z[:, 2:], random_points(problem, 100, seed=1)[0][:, 2:])
    np.testing.assert_array_equal(
        problem.evaluate_many(z, active), problem.evaluate_many(other, active)
    )


def test_arguments_are_left_as_they_were(cls):
    problem = cls(shift=SHIFT)
    z, active = random_points(problem, 10)
    before = z.copy(), active.copy()
    problem.evaluate_many(z, active)
    np.testing.assert_array_equal(z, before[0])
    np.testing.assert_array_equal(active, before[1])


def test_space(cls):
    space = cls().space
    assert len(space.variables) == 18
    off = {f"s{j}": False for j in range(3, 11)}
    assert space.active({**off, "s7": True}) == [
        "z1", "z2", "s3", "s4", "s5", "s6", "s7", "z7", "s8", "s9", "s10"
    ]  # fmt: skip


def test_shift_of_nothing_is_no_shift(cls):
    z, active = random_points(cls(), 50)
    np.testing.assert_array_equal(
        cls(shift=0.0).evaluate_many(z, active), cls().evaluate_many(z, active)
    )


@pytest.mark.parametrize(("cls", "expected"), [(HDTLZ2, 1.21 - np.pi / 4), (HDTLZ7, 0.5591)])
def test_hypervolume_of_the_true_front(cls, expected):
    front = cls().pareto_front(5000)
    assert HV(ref_point=(1.1, 1.1))(front) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("n_points", [1, 2, 7, 2000])
def test_front_points_do_not_dominate_each_other(cls, n_points):
    front = cls().pareto_front(n_points)
    assert front.shape == (n_points, 2)
    rising = front[np.argsort(front[:, 0])]
    assert (np.diff(rising[:, 0]) > 0).all()
    assert (np.diff(rising[:, 1]) < 0).all()


def test_front_of_hdtlz7_is_in_pieces_and_ends_where_the_paper_says():
    front = HDTLZ7().pareto_front(2000)
    assert (np.diff(front[:, 0]) > 0.1).sum() == 1
    u = front[:, 0]
    np.testing.assert_allclose(front[:, 1], (2 - u * (1 + np.sin(3 * np.pi * u))) / 2, atol=1e-12)


def height_of_front(front, f1):
    """Second objective of the first front point that is not left of f1; what is below dominates."""
    rising = front[np.argsort(front[:, 0])]
    position = np.searchsorted(rising[:, 0], f1 - 1e-12)
    heights = np.append(rising[:, 1], -np.inf)  # right of the front nothing is dominated
    return heights[position]


@pytest.mark.parametrize("coupling", ["chain", "tree"])
@pytest.mark.parametrize("shift", [None, SHIFT])
def test_nothing_dominates_the_front_and_it_is_reached(cls, coupling, shift):
    problem = cls(coupling=coupling, shift=shift)
    optimum = NEUTRAL[cls] + (shift or 0.0)
    front = problem.pareto_front(2000)
    rng = np.random.default_rng(0)
    z, active = random_points(problem, 100_000)
    near = slice(50_000, None)  # where a search ends: close to the optimum, most switches on
    z[near, 1] = NEUTRAL[cls]
    z[near, 2:] = np.clip(optimum + rng.normal(0, 0.01, z[near, 2:].shape), 0, 1)
    active[near] = rng.random(active[near].shape) < 0.9
    f1, f2 = problem.evaluate_many(z, active).T
    assert (f2 >= height_of_front(front, f1) - 1e-12).all()

    z = np.full((500, 10), optimum)
    z[:, 0], z[:, 1] = np.linspace(0, 1, 500), NEUTRAL[cls]
    f1, f2 = problem.evaluate_many(z, np.ones((500, 8))).T
    position = z[:, 0]
    if cls is HDTLZ2:
        np.testing.assert_allclose(f1, np.cos(np.pi / 2 * position), atol=1e-12)
        np.testing.assert_allclose(f2, np.sin(np.pi / 2 * position), atol=1e-12)
    else:
        np.testing.assert_array_equal(f1, position)
        expected = (2 - position * (1 + np.sin(3 * np.pi * position))) / 2
        np.testing.assert_allclose(f2, expected, atol=1e-12)


@pytest.mark.parametrize("shift", [SHIFT, 0.1])
def test_shifted_front_needs_every_switch(cls, shift):
    """g with a switch off exceeds its least value by what the docstring says."""
    problem = cls(shift=shift)
    z, active = random_points(problem, 20_000)
    z[:, 1] = NEUTRAL[cls]
    z[:, 2:] = NEUTRAL[cls] + shift
    active[:] = True
    active[np.arange(len(z)), np.random.default_rng(1).integers(8, size=len(z))] = False
    f1, f2 = problem.evaluate_many(z, active).T
    if cls is HDTLZ2:
        excess = np.hypot(f1, f2) - 1
        least = shift**2 / 9
    else:
        excess = f2 - (1 - f1 * (1 + np.sin(3 * np.pi * f1)) / 2)
        least = shift
    assert excess.min() >= least - 1e-12


@pytest.mark.parametrize("coupling", ["chain", "tree"])
def test_all_off_is_optimal_only_without_shift(cls, coupling):
    z = np.full((500, 10), NEUTRAL[cls])
    z[:, 0] = np.linspace(0, 1, 500)
    off, on = np.zeros((500, 8), dtype=bool), np.ones((500, 8), dtype=bool)
    best = z.copy()
    best[:, 2:] += SHIFT
    plain, shifted = cls(coupling=coupling), cls(coupling=coupling, shift=SHIFT)
    np.testing.assert_allclose(
        plain.evaluate_many(z, off), shifted.evaluate_many(best, on), atol=1e-12
    )
    worse = shifted.evaluate_many(z, off) - shifted.evaluate_many(best, on)
    assert (worse >= -1e-12).all()
    assert (worse.max(axis=1) > 0.01).all()


def test_pymoo_decodes_alike(cls):
    problem = cls(coupling="tree", shift=SHIFT)
    adapted = as_pymoo(problem)
    x = np.random.default_rng(0).random((200, adapted.n_var))
    x[:, 10:] = x[:, 10:].round(1)  # 0.5 is among them
    expected = [problem.evaluate(config_of(row[:10], row[10:] >= 0.5)) for row in x]
    np.testing.assert_array_equal(adapted.evaluate(x), expected)
    front = problem.pareto_front(2000)
    by_first = front[np.argsort(front[:, 0])]  # as pymoo sorts it
    np.testing.assert_array_equal(adapted.pareto_front(), by_first)
    assert (adapted.xl == 0).all()
    assert (adapted.xu == 1).all()


def test_without_pymoo_the_error_names_the_extra(cls, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymoo.core.problem", None)
    with pytest.raises(ImportError, match=r"sklearn-mtl\[bench\]"):
        as_pymoo(cls())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 2}, "`n` must be at least 3.*Got 2"),
        ({"gamma": -0.1}, "`gamma` must be finite and not negative. Got -0.1"),
        ({"gamma": math.nan}, "Got nan"),
        ({"coupling": "ring"}, "coupling='ring' is none of chain, tree"),
        ({"shift": 1.2}, "`shift` must leave the optimum in.*Got 1.2"),
        ({"shift": math.nan}, "Got nan"),
    ],
)
def test_wrong_arguments(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


def test_wrong_points(cls):
    problem = cls()
    z, active = random_points(problem, 5)
    with pytest.raises(ValueError, match="10 and 8 columns"):
        problem.evaluate_many(z[:, :9], active)
    with pytest.raises(ValueError, match="10 and 8 columns"):
        problem.evaluate_many(z, active[:4])
    z[2, 3] = np.nan
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        problem.evaluate_many(z, active)
    with pytest.raises(ValueError, match="lacks a value for z3"):
        problem.evaluate(
            {"z1": 0.1, "z2": 0.1, "s3": True} | {f"s{j}": False for j in range(4, 11)}
        )
