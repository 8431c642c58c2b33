"""The min-norm point: certified minimum on every kind of Gram matrix, theorems of Frank-Wolfe."""

from itertools import combinations, islice

import numpy as np
import pytest
import torch

from sklearn_mtl.weighting._min_norm import _frank_wolfe_iterates, min_norm_weights

N_PROBLEMS = 10_000


def gaussian(rng, K):
    return rng.standard_normal((K, int(rng.integers(1, K + 4))))


def any_norms(rng, K):
    return gaussian(rng, K) * 10.0 ** rng.uniform(-6, 6, (K, 1))


def acute(rng, K):
    """All pairs agree, so that most weights are zero."""
    return np.abs(gaussian(rng, K))


def integers(rng, K):
    """Exact ties and dependent gradients, with a part that no combination removes."""
    gradients = rng.integers(0, 2, (K, int(rng.integers(1, 5)))).astype(float)
    gradients[:, 0] = 1.0
    return gradients


def one_zero(rng, K):
    gradients = gaussian(rng, K)
    gradients[rng.integers(K)] = 0.0
    return gradients


def one_tiny(rng, K):
    gradients = gaussian(rng, K)
    gradients[rng.integers(K)] *= 1e-9
    return gradients


def equal(rng, K):
    return np.tile(rng.standard_normal(5), (K, 1))


def repeated(rng, K):
    return gaussian(rng, K)[rng.integers(0, K, K)]


def near_duplicates(rng, K):
    return repeated(rng, K) * (1 + 1e-8 * rng.standard_normal((K, 1)))


def opposite(rng, K):
    gradients = gaussian(rng, K)
    gradients[1] = -gradients[0]
    return gradients


def nearly_collinear(rng, K):
    return rng.standard_normal(K) * 10.0 ** rng.uniform(-3, 3, (K, 1)) + 1e-7 * rng.standard_normal(
        (K, K)
    )


def nearly_equal(rng, K):
    return rng.standard_normal(K) + 10.0 ** rng.uniform(-9, -2) * rng.standard_normal((K, K))


FAMILIES = [
    gaussian,
    any_norms,
    acute,
    integers,
    one_zero,
    one_tiny,
    equal,
    repeated,
    near_duplicates,
    opposite,
    nearly_collinear,
    nearly_equal,
]


def gram(gradients):
    product = gradients @ gradients.T
    return (product + product.T) / 2


def problems(family, n, seed=0, largest=16):
    """Gram matrices of a family, on scales from 1e-12 to 1e12."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        K = int(rng.integers(2, largest + 1))
        yield gram(family(rng, K) * 10.0 ** rng.uniform(-6, 6))


def squared_norm(matrix, weights):
    return weights @ matrix @ weights


def gap(matrix, weights):
    """Eq. 16 over the corners of the simplex; an upper bound of the distance to the minimum."""
    slope = 2 * matrix @ weights
    return float(((weights - np.eye(len(matrix))) @ slope).max())


def smallest_squared_norm(matrix):
    """Try every support: minimise under sum 1 alone, and keep what is feasible."""
    K, scale = len(matrix), matrix.trace() or 1.0
    best = np.inf
    for size in range(1, K + 1):
        for support in map(list, combinations(range(K), size)):
            system = np.ones((size + 1, size + 1))
            system[:size, :size] = matrix[np.ix_(support, support)] / scale
            system[size, size] = 0.0
            right = np.zeros(size + 1)
            right[size] = 1.0
            part = np.linalg.lstsq(system, right)[0][:size]
            if part.min() >= -1e-12:
                weights = np.zeros(K)
                weights[support] = part.clip(0) / part.clip(0).sum()
                best = min(best, squared_norm(matrix, weights))
    return best


def assert_on_simplex(weights, K):
    assert weights.shape == (K,)
    assert weights.dtype == np.float64
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("family", FAMILIES)
def test_exact_is_certified_optimal(family):
    """f - f* <= gap, so a gap below the bound proves the bound without a reference."""
    for matrix in problems(family, -(-N_PROBLEMS // len(FAMILIES))):
        K = len(matrix)
        weights, _, reported = min_norm_weights(matrix)
        assert_on_simplex(weights, K)
        certificate = gap(matrix, weights)
        smallest = squared_norm(matrix, weights) - certificate
        assert certificate <= 1e-9 * max(smallest, matrix.trace() / K)
        assert abs(reported - certificate) <= 1e-13 * matrix.trace()


@pytest.mark.parametrize("family", FAMILIES)
def test_exact_equals_the_best_support(family):
    for matrix in [*problems(family, 15, 1, largest=6), *problems(family, 1, 2, largest=10)]:
        found = squared_norm(matrix, min_norm_weights(matrix).weights)
        smallest = smallest_squared_norm(matrix)
        assert abs(found - smallest) <= 1e-9 * max(smallest, matrix.trace() / len(matrix))


@pytest.mark.parametrize("K", [2, 3, 5, 16, 200])
def test_orthogonal_gradients_get_their_inverse_squared_norms(K):
    """Holds to relative rounding in every weight, although the largest norm hides the others."""
    squares = 10.0 ** np.random.default_rng(0).uniform(-12, 12, K)
    expected = (1 / squares) / (1 / squares).sum()
    np.testing.assert_allclose(min_norm_weights(np.diag(squares)).weights, expected, rtol=1e-12)


@pytest.mark.parametrize("K", [50, 200])
@pytest.mark.parametrize("family", FAMILIES)
def test_many_gradients(family, K):
    matrix = gram(family(np.random.default_rng(0), K))
    weights = min_norm_weights(matrix).weights
    assert_on_simplex(weights, K)
    assert gap(matrix, weights) <= 1e-9 * max(
        squared_norm(matrix, weights) - gap(matrix, weights), matrix.trace() / K
    )


@pytest.mark.parametrize("family", [gaussian, any_norms, repeated, nearly_collinear, nearly_equal])
def test_rounding_to_float32(family):
    """The minimum is that of the nearest Gram matrix; the true one is missed by the rounding."""
    rng = np.random.default_rng(0)
    n_indefinite = 0
    for _ in range(100):
        K = int(rng.integers(3, 17))
        gradients = family(rng, K).astype(np.float32)
        rounded = gram(gradients).astype(np.float64)
        exact = gram(gradients.astype(np.float64))
        weights = min_norm_weights(rounded).weights

        norms = np.sqrt(rounded.diagonal())
        eigenvalues, vectors = np.linalg.eigh(rounded / np.outer(norms, norms))
        n_indefinite += eigenvalues[0] < 0
        nearest = (vectors * eigenvalues.clip(0)) @ vectors.T * np.outer(norms, norms)
        assert gap(nearest, weights) <= 1e-9 * exact.trace() / K

        # x' E x <= ||E|| sum(x^2) in the scale of the norms, once for each change of matrix
        error = np.linalg.norm((rounded - exact) / np.outer(norms, norms), 2)
        best = squared_norm(exact, min_norm_weights(exact).weights)
        assert squared_norm(exact, weights) - best <= 4 * error * norms.max() ** 2
    assert n_indefinite > 0


@pytest.mark.parametrize("solver", ["exact", "frank-wolfe"])
@pytest.mark.parametrize("K", [2, 3, 16])
def test_common_ascent(K, solver):
    """Every gradient has a product with the combination of at least its squared norm."""
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((K, 40)) + 0.3
    weights, _, duality_gap = min_norm_weights(gram(gradients), solver=solver)
    combined = weights @ gradients
    assert (gradients @ combined >= combined @ combined - duality_gap / 2 - 1e-12).all()


@pytest.mark.parametrize("solver", ["exact", "frank-wolfe"])
@pytest.mark.parametrize("K", [2, 3, 16])
def test_permutation(K, solver):
    rng = np.random.default_rng(0)
    matrix = gram(rng.standard_normal((K, K + 3)) + 0.3)
    order = rng.permutation(K)
    permuted = min_norm_weights(matrix[np.ix_(order, order)], solver=solver).weights
    np.testing.assert_allclose(
        permuted, min_norm_weights(matrix, solver=solver).weights[order], rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_squared_norm_of_permuted_problems(family):
    """Holds also where the minimiser is not unique."""
    rng = np.random.default_rng(0)
    for matrix in problems(family, 20):
        order = rng.permutation(len(matrix))
        permuted = matrix[np.ix_(order, order)]
        found = squared_norm(matrix, min_norm_weights(matrix).weights)
        assert squared_norm(permuted, min_norm_weights(permuted).weights) == pytest.approx(
            found, rel=1e-9, abs=1e-9 * matrix.trace() / len(matrix)
        )


@pytest.mark.parametrize("solver", ["exact", "frank-wolfe"])
@pytest.mark.parametrize("K", [2, 3, 16])
@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e290])
def test_scale(K, solver, scale):
    matrix = gram(np.random.default_rng(0).standard_normal((K, K + 3)) + 0.3)
    plain = min_norm_weights(matrix, solver=solver)
    scaled = min_norm_weights(scale * matrix, solver=solver)
    np.testing.assert_allclose(scaled.weights, plain.weights, rtol=1e-9, atol=1e-12)
    assert scaled.duality_gap / scale == pytest.approx(plain.duality_gap, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("matrix", "weights"),
    [
        ([[1, 2], [2, 5]], [1, 0]),  # first branch of eq. 10
        ([[5, 2], [2, 1]], [0, 1]),  # second branch
        ([[4, 0], [0, 1]], [0.2, 0.8]),  # third branch
        ([[4, 4], [4, 4]], [0.5, 0.5]),  # equal gradients: the third would divide 0 by 0
        ([[4, -4], [-4, 4]], [0.5, 0.5]),  # opposite gradients
        ([[4, -2], [-2, 1]], [1 / 3, 2 / 3]),  # opposite directions
        ([[0, 0], [0, 4]], [1, 0]),  # one gradient is zero
        ([[4, 4.001], [4.001, 3.999]], [0, 1]),  # equal but for rounding: both branches hold
    ],
)
def test_two_gradients(matrix, weights):
    solution = min_norm_weights(matrix)
    np.testing.assert_allclose(solution.weights, weights, rtol=1e-15)
    assert solution.n_iter == 0
    assert solution.duality_gap == pytest.approx(gap(np.array(matrix), solution.weights), abs=1e-14)


def test_two_gradients_agree_with_the_solver_of_many():
    """A third gradient that is long and points along the first changes nothing."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        two = rng.standard_normal((2, 3))
        weights = min_norm_weights(gram(two)).weights
        combined = weights @ two
        third = 10 * combined
        np.testing.assert_allclose(
            min_norm_weights(gram(np.vstack([two, third]))).weights, [*weights, 0], atol=1e-12
        )


@pytest.mark.parametrize("solver", ["exact", "frank-wolfe"])
def test_one_gradient(solver):
    assert min_norm_weights([[3.0]], solver=solver).weights.tolist() == [1.0]
    assert min_norm_weights([[0.0]], solver=solver).weights.tolist() == [1.0]


@pytest.mark.parametrize("solver", ["exact", "frank-wolfe"])
@pytest.mark.parametrize("K", [1, 2, 3, 16])
def test_zero_gradients_share_the_weight(K, solver):
    weights, _, duality_gap = min_norm_weights(np.zeros((K, K)), solver=solver)
    np.testing.assert_allclose(weights, 1 / K)
    assert duality_gap == 0.0
    if solver == "exact":
        matrix = np.diag([1.0] * K + [0.0] * K)
        np.testing.assert_allclose(min_norm_weights(matrix).weights, [0] * K + [1 / K] * K)


@pytest.mark.parametrize("K", [2, 3, 5])
def test_equal_gradients_share_the_weight(K):
    np.testing.assert_allclose(min_norm_weights(np.ones((K, K))).weights, 1 / K, atol=0.01)


def test_gradients_on_which_scipy_nnls_stops_early():
    gradients = np.array([[1.0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0]])
    np.testing.assert_allclose(
        min_norm_weights(gram(gradients)).weights, [0, 0, 0, 1], rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("K", [2, 3])
def test_input_is_converted_and_left_alone(K):
    matrix = gram(np.random.default_rng(0).standard_normal((K, 5)))
    copy = matrix.copy()
    weights = min_norm_weights(matrix).weights
    np.testing.assert_array_equal(matrix, copy)
    np.testing.assert_array_equal(min_norm_weights(torch.from_numpy(copy)).weights, weights)
    np.testing.assert_array_equal(min_norm_weights(copy.tolist()).weights, weights)
    rounded = min_norm_weights(torch.from_numpy(copy).float())
    assert rounded.weights.dtype == np.float64
    np.testing.assert_allclose(rounded.weights, weights, rtol=1e-4)


@pytest.mark.parametrize("K", [2, 3])
def test_rounding_may_break_symmetry(K):
    matrix = np.diag(np.arange(1.0, K + 1)) + 0.1
    skewed = matrix.copy()
    skewed[0, 1] += 1e-6
    skewed[1, 0] -= 1e-6
    np.testing.assert_allclose(
        min_norm_weights(skewed).weights, min_norm_weights(matrix).weights, rtol=1e-12
    )


# Frank-Wolfe


def curvature(matrix):
    """C_f of eq. 15 for L(w) = w' M w.

    With w' = w + gamma (s - w) the supremum is that of 2 (s - w)' M (s - w), which is convex in
    (s, w) and so lies at two corners: twice the largest squared distance of two gradients.
    """
    squares = matrix.diagonal()
    return 2 * (squares[:, None] + squares - 2 * matrix).max()


def iterates(matrix, n_steps):
    """Weights 0 to n_steps; the last one stays where Algorithm 1 has found the minimum."""
    found = [weights for weights, _ in islice(_frank_wolfe_iterates(matrix), n_steps + 1)]
    return found + [found[-1]] * (n_steps + 1 - len(found))


def test_frank_wolfe_follows_algorithm_1():
    """The same iterates from the gradients themselves, with eq. 10 as printed."""
    gradients = np.random.default_rng(0).standard_normal((4, 6)) + 0.5
    matrix = gram(gradients)
    weights = np.full(4, 1 / 4)
    for found in iterates(matrix, 30):
        np.testing.assert_allclose(found, weights, rtol=1e-9, atol=1e-12)
        row_sums = [sum(weights[j] * matrix[i, j] for j in range(4)) for i in range(4)]
        corner = int(np.argmin(row_sums))
        l1, l2 = gradients[corner], weights @ gradients
        if l1 @ l2 >= l1 @ l1:
            v = 1.0
        elif l1 @ l2 >= l2 @ l2:
            v = 0.0
        else:
            v = (l2 - l1) @ l2 / ((l1 - l2) @ (l1 - l2))
        weights = v * np.eye(4)[corner] + (1 - v) * weights


@pytest.mark.parametrize("family", FAMILIES)
def test_theorems_of_convergence(family):
    """Theorem III.1 for every iterate, Theorem III.2 for the best of every last third."""
    n_steps = 60
    for matrix in problems(family, 10, 3, largest=6):
        rounding = 1e-13 * matrix.trace()
        smallest = smallest_squared_norm(matrix)
        weights = iterates(matrix, n_steps)
        norms = [squared_norm(matrix, w) for w in weights]
        gaps = [gap(matrix, w) for w in weights]
        bound = 2 * curvature(matrix)
        for r in range(1, n_steps + 1):
            assert_on_simplex(weights[r], len(matrix))
            assert norms[r] <= norms[r - 1] + rounding
            assert norms[r] - smallest <= bound / (r + 2) + rounding
        for R in range(2, n_steps + 1):
            last_third = range(-(-2 * (R + 2) // 3) - 2, R + 1)
            best = min(gaps[r] for r in last_third)
            assert best <= 27 / 8 * bound / (R + 2) + rounding


def test_frank_wolfe_solves_two_gradients_in_one_step():
    rng = np.random.default_rng(0)
    for _ in range(50):
        matrix = gram(rng.standard_normal((2, 3)))
        one_step = min_norm_weights(matrix, solver="frank-wolfe", max_iter=1)
        np.testing.assert_allclose(one_step.weights, min_norm_weights(matrix).weights, atol=1e-12)


def test_frank_wolfe_ends():
    matrix = gram(np.random.default_rng(0).standard_normal((5, 8)))
    steps = [step for _, step in islice(_frank_wolfe_iterates(matrix), 1000)]
    assert steps[0] == 1.0
    for tol in (1e-1, 1e-2):
        first_short = next(r for r, step in enumerate(steps) if step < tol)
        solution = min_norm_weights(matrix, solver="frank-wolfe", tol=tol)
        assert solution.n_iter == first_short
    capped = min_norm_weights(matrix, solver="frank-wolfe", max_iter=7, tol=0.0)
    assert capped.n_iter == 7
    np.testing.assert_array_equal(capped.weights, iterates(matrix, 7)[7])


# Wrong input


@pytest.mark.parametrize("solver", ["exact", "frank-wolfe"])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones(3), r"shape \(K, K\).*Found shape \(3,\)"),
        (np.ones((2, 3)), r"Found shape \(2, 3\).*G @ G.T"),
        (np.ones((0, 0)), r"Found shape \(0, 0\)"),
        ([[1, np.nan], [np.nan, 1]], r"finite. Found nan at \[0, 1\]"),
        ([[np.inf, 0], [0, 1]], r"finite. Found inf at \[0, 0\]"),
        (np.diag([1, 1, -np.inf]), r"finite. Found -inf at \[2, 2\]"),
        ([[1, 0.5], [0, 1]], r"symmetric. Found 0.5 at \[0, 1\] and 0.0 at \[1, 0\]"),
        (np.triu(np.ones((3, 3))), r"symmetric. Found 1.0 at \[0, 1\]"),
        ([[1, 5], [5, 1]], "semi-definite. Found eigenvalues from -4 to 6"),
        ([[-1, 0], [0, -1]], "semi-definite. Found eigenvalues from -1 to -1"),
        ([[-1]], "semi-definite"),
        (np.diag([1.0, 1.0, -1.0]), "semi-definite"),
        (1.9 * np.eye(3) - 0.9, "semi-definite. Found eigenvalues from -0.8 to 1.9"),
    ],
)
def test_no_gram_matrix(matrix, message, solver):
    with pytest.raises(ValueError, match=message):
        min_norm_weights(matrix, solver=solver)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"solver": "simplex"}, r"`solver` must be one of .*exact.*frank-wolfe.* Found 'simplex'"),
        ({"max_iter": 0}, "`max_iter` must be at least 1. Found 0"),
        ({"tol": -1.0}, r"`tol` must lie in \[0, 1\). Found -1.0"),
        ({"tol": 1.0}, "`tol`"),
    ],
)
def test_wrong_parameters(arguments, message):
    with pytest.raises(ValueError, match=message):
        min_norm_weights(np.eye(2), **arguments)
