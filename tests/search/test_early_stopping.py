"""The end of a search by equations 23 to 25."""

import numpy as np
import pytest

from sklearn_mtl.search._engine.early_stopping import reference_point, stagnates


def front_at(quality, n_points=5):
    """Points on a line that moves towards the origin."""
    x = np.linspace(0.1, 1, n_points)
    return quality * np.column_stack([x, 1.1 - x])


def area_by_loops(points, reference):
    points = sorted(tuple(p) for p in points if p[0] < reference[0] and p[1] < reference[1])
    area, lowest = 0.0, reference[1]
    for x, y in points:
        if y < lowest:
            area += (reference[0] - x) * (lowest - y)
            lowest = y
    return area


def by_loops(history, window, tolerance, volume_tolerance):
    """Equations 23 to 25, number by number; every history is already a front."""
    if len(history) <= window:
        return False
    reference = [1.1 * max(p[i] for p in history[0]) for i in range(2)]
    before, now = history[-1 - window], history[-1]
    for i in range(2):
        f_before = sum(p[i] for p in before) / len(before)
        f_now = sum(p[i] for p in now) / len(now)
        if max(0, f_before - f_now) / max(abs(f_before), 1e-12) >= tolerance:
            return False
    hv_before, hv_now = area_by_loops(before, reference), area_by_loops(now, reference)
    return max(0, hv_now - hv_before) / max(abs(hv_before), 1e-12) < volume_tolerance


@pytest.mark.parametrize("seed", range(20))
def test_equations_by_loops(seed):
    rng = np.random.default_rng(seed)
    quality = np.cumprod(1 - 10.0 ** rng.uniform(-7, -1, size=1) * rng.random(12))
    history = [front_at(q) for q in quality]
    for window in (1, 4, 8):
        for tolerance, volume_tolerance in ((1e-3, 1e-4), (1e-2, 1e-1), (1e-5, 1e-2)):
            assert stagnates(history, window, tolerance, volume_tolerance) == by_loops(
                history, window, tolerance, volume_tolerance
            )


def test_window_must_have_passed():
    still = [front_at(1.0)] * 8
    assert not stagnates(still)
    assert stagnates([*still, front_at(1.0)])


def test_every_signal_can_go_on_alone():
    def last_is(values):
        return [front_at(1.0)] * 8 + [values]

    base = front_at(1.0)
    assert not stagnates(last_is(base * [0.9, 1.0])), "first objective"
    assert not stagnates(last_is(base * [1.0, 0.9])), "second objective"
    # The mean objectives get worse, but a new end of the front adds hypervolume.
    wider = np.vstack([base, [[0.05, 1.03]]])
    assert not stagnates(last_is(wider)), "hypervolume"
    assert stagnates(last_is(wider), hypervolume_tolerance=1.0, tolerances=1.0)


def test_whole_populations_or_fronts():
    rng = np.random.default_rng(0)
    history = [front_at(0.99**t) for t in range(10)]
    dominated = [np.vstack([front, front + rng.random(front.shape)]) for front in history]
    fronts = [dominated[0], *history[1:]]
    assert stagnates(dominated, tolerances=0.1, hypervolume_tolerance=0.1) == stagnates(
        fronts, tolerances=0.1, hypervolume_tolerance=0.1
    )


@pytest.mark.parametrize("n_objectives", [1, 3])
def test_other_numbers_of_objectives(n_objectives):
    values = np.random.default_rng(0).random((6, n_objectives))
    assert stagnates([values] * 9)
    assert not stagnates([values] * 8 + [values * 0.9])


def test_reference_point():
    values = np.array([[1.0, -2.0], [3.0, -1.0]])
    assert reference_point(values) == pytest.approx([3.3, -0.9])
