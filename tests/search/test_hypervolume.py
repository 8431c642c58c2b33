"""Exact hypervolumes for up to three objectives."""

import numpy as np
import pytest

from sklearn_mtl.search._engine.hypervolume import hypervolume, hypervolume_growth


def by_cells(points, reference):
    """Sum the cells of the grid through all coordinates that some point dominates."""
    axes = [np.unique([*points[:, k], reference[k], 0.0]) for k in range(len(reference))]
    axes = [axis[axis <= reference[k]] for k, axis in enumerate(axes)]
    total = 0.0
    for corner in np.ndindex(*(len(axis) - 1 for axis in axes)):
        low = np.array([axes[k][i] for k, i in enumerate(corner)])
        high = np.array([axes[k][i + 1] for k, i in enumerate(corner)])
        if (points <= low).all(axis=1).any():
            total += np.prod(high - low)
    return total


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_sum_of_dominated_cells(n_objectives, seed):
    rng = np.random.default_rng(seed)
    # A coarse grid makes ties and duplicates; some points lie beyond the reference.
    points = rng.integers(0, 8, size=(rng.integers(1, 12), n_objectives)) / 6
    reference = np.full(n_objectives, 1.0)
    assert hypervolume(points, reference) == pytest.approx(by_cells(points, reference), abs=1e-12)


def test_nothing_beats_the_reference():
    assert hypervolume([[1.0, 0.0], [2.0, -5.0]], [1.0, 1.0]) == 0
    assert hypervolume(np.zeros((0, 2)), [1.0, 1.0]) == 0


def test_dominated_points_and_order_do_not_matter():
    rng = np.random.default_rng(0)
    points = rng.random((30, 3))
    worse = points + rng.random((30, 3))
    both = rng.permutation(np.vstack([points, worse]))
    assert hypervolume(both, [1, 1, 1]) == pytest.approx(hypervolume(points, [1, 1, 1]), rel=1e-12)


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_moocore(n_objectives):
    moocore = pytest.importorskip("moocore")
    points = np.random.default_rng(1).random((200, n_objectives))
    reference = np.full(n_objectives, 1.1)
    assert hypervolume(points, reference) == pytest.approx(
        moocore.hypervolume(points, ref=reference)
    )


def test_four_objectives():
    with pytest.raises(ValueError, match=r"up to three objectives. Got 4"):
        hypervolume(np.zeros((1, 4)), np.ones(4))


@pytest.mark.parametrize("reference", [[1.0], [1.0, 1.0, 1.0], 1.0, [[1.0, 1.0]]])
def test_reference_of_another_shape(reference):
    with pytest.raises(ValueError, match=r"`reference` must have one value for each objective"):
        hypervolume([[0.1, 0.2]], reference)
    with pytest.raises(ValueError, match=r"`reference` must have one value for each objective"):
        hypervolume_growth([[0.1, 0.2]], reference)


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_growth_is_the_hypervolume_of_the_first_points(n_objectives):
    points = np.random.default_rng(0).integers(0, 8, size=(40, n_objectives)) / 6
    reference = np.full(n_objectives, 1.0)
    expected = [hypervolume(points[: i + 1], reference) for i in range(40)]
    np.testing.assert_allclose(hypervolume_growth(points, reference), expected, atol=1e-15)
