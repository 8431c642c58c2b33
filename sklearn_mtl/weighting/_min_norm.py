"""The point of smallest norm among the convex combinations of K gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

SOLVERS = ("exact", "frank-wolfe")

# A matrix that is asymmetric or indefinite by more than this share of its largest element or
# eigenvalue was not rounded, it is no Gram matrix. Products in float32 and TF32 stay below.
ROUNDING = 1e-3

# Smallest eigenvalue of the correlations that the exact solver works with. It makes linear systems
# solvable and minimisers unique, and adds at most this times trace(M) to the squared norm.
SMALLEST_EIGENVALUE = 1e-12


class MinNormSolution(NamedTuple):
    """Answer of :func:`min_norm_weights`.

    Attributes
    ----------
    weights : ndarray of shape (K,)
        Non-negative float64 weights with sum 1.
    n_iter : int
        Frank-Wolfe steps taken, or linear systems solved; 0 where a closed form sufficed.
    duality_gap : float
        Surrogate gap ``max_s <w - s, grad L(w)>`` over the simplex (eq. 16), in the units of M.
        The squared norm exceeds the smallest one by no more than this.
    """

    weights: np.ndarray
    n_iter: int
    duality_gap: float


def min_norm_weights(
    gramian: Any, *, solver: str = "exact", max_iter: int = 250, tol: float = 1e-4
) -> MinNormSolution:
    """Weights of the shortest vector in the convex hull of K gradients.

    Minimises ``L(w) = w' M w`` over the simplex, where ``M[i, j]`` is the inner product of the
    gradients i and j. A small step against the combination of the gradients with these weights
    lowers every loss, unless the combination is zero: at a Pareto stationary point.

    Parameters
    ----------
    gramian : array-like of shape (K, K)
        Gram matrix M of the gradients, symmetric and positive semi-definite up to the rounding of
        low precision. Tensors must be detached and on the CPU.
    solver : {"exact", "frank-wolfe"}, default="exact"
        ``"exact"`` is the closed form of eq. 10 for two gradients, and non-negative least squares
        by an active set for more. ``"frank-wolfe"`` is Algorithm 1 of the paper.
    max_iter : int, default=250
        Largest number of Frank-Wolfe steps, as in the reference implementation of [2]_. The error
        falls as one over this number.
    tol : float, default=1e-4
        Frank-Wolfe ends at a step length below it: no weight would move by more.

    Returns
    -------
    solution : MinNormSolution
        ``weights``, ``n_iter`` and ``duality_gap``.

    Raises
    ------
    ValueError
        If `gramian` is not square, not finite, or not a Gram matrix by more than rounding, or if
        another parameter is out of range.

    Notes
    -----
    The exact solver comes within ``1e-9 * max(L*, trace(M) / K)`` of the minimum L*, whatever the
    scale of M, its rank, and the ratio of the gradients' norms. A matrix that rounding has made
    indefinite is replaced by its projection onto Gram matrices; its duality gap, which refers to
    the matrix as given, then shows the size of the rounding.

    Where several weights give the minimum (equal gradients, or more gradients than dimensions),
    the exact solver returns about the most even of them; a zero gradient takes all the weight,
    and several share it.

    Frank-Wolfe zigzags for three and more gradients, and short steps do not prove that the
    minimum is near; the duality gap does.

    References
    ----------
    .. [1] "TMoE-P: toward the Pareto optimum for multivariate soft sensors", Algorithm 1,
       eqs 7-16.
    .. [2] O. Sener, V. Koltun, "Multi-task learning as multi-objective optimization", NeurIPS
       2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.weighting import min_norm_weights
    >>> gradients = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> solution = min_norm_weights(gradients @ gradients.T)
    >>> solution.weights
    array([0.2, 0.8])
    >>> solution.weights @ gradients  # has a positive product with both
    array([0.4, 0.8])
    """
    if solver not in SOLVERS:
        raise ValueError(f"`solver` must be one of {SOLVERS}. Found {solver!r}.")
    if max_iter < 1:
        raise ValueError(f"`max_iter` must be at least 1. Found {max_iter!r}.")
    if not 0.0 <= tol < 1.0:
        raise ValueError(f"`tol` must lie in [0, 1). Found {tol!r}.")
    matrix = np.asarray(gramian, dtype=np.float64)
    if solver == "exact" and matrix.shape == (2, 2):
        return _solve_two(matrix)
    matrix = _check_gramian(matrix)
    if solver == "exact":
        weights, n_iter = _solve_many(matrix)
    else:
        _check_semidefinite(matrix)
        weights, n_iter = _frank_wolfe(matrix, max_iter, tol)
    return MinNormSolution(weights, n_iter, _duality_gap(matrix, weights))


def _check_gramian(matrix: np.ndarray) -> np.ndarray:
    """Return the symmetric part of a square, finite matrix that only rounding made asymmetric."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(
            "`gramian` must have shape (K, K): one row and column per gradient. "
            f"Found shape {matrix.shape}. For gradients G in rows pass G @ G.T."
        )
    largest = np.abs(matrix).max()
    if not math.isfinite(largest):
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(
            f"`gramian` must be finite. Found {matrix[i, j]} at [{i}, {j}]: a gradient holds NaN "
            "or infinity, or its square overflows. Lower the learning rate or clip gradients."
        )
    asymmetry = np.abs(matrix - matrix.T)
    if asymmetry.max() > ROUNDING * largest:
        i, j = np.unravel_index(asymmetry.argmax(), matrix.shape)
        raise ValueError(
            f"`gramian` must be symmetric. Found {matrix[i, j]} at [{i}, {j}] and {matrix[j, i]} "
            f"at [{j}, {i}]. For gradients G in rows pass G @ G.T."
        )
    return (matrix + matrix.T) / 2


def _check_semidefinite(matrix: np.ndarray) -> None:
    """Tell a rounded Gram matrix from one that is none."""
    smallest, largest = np.linalg.eigvalsh(matrix)[[0, -1]]
    if smallest < -ROUNDING * max(largest, 0.0):
        raise ValueError(
            "`gramian` must be positive semi-definite. Found eigenvalues from "
            f"{smallest:.3g} to {largest:.3g}. For gradients G in rows pass G @ G.T."
        )


def _duality_gap(matrix: np.ndarray, weights: np.ndarray) -> float:
    """Eq. 16 for L(w) = w' M w; the maximum over s lies at a corner of the simplex."""
    half_slope = matrix @ weights
    return 2.0 * max(float(weights @ half_slope - half_slope.min()), 0.0)


def _solve_two(matrix: np.ndarray) -> MinNormSolution:
    """Two gradients: plain floats, because every training step comes here."""
    (first, product), (transposed, second) = matrix.tolist()
    largest = max(first, second)
    # Whatever does not look like a Gram matrix at a glance gets the full checks.
    if not (
        min(first, second) >= 0.0
        and first + second < math.inf
        and abs(product - transposed) <= ROUNDING * largest
        and product * product - first * second <= ROUNDING * largest * largest
    ):
        _check_semidefinite(_check_gramian(matrix))
    product = (product + transposed) / 2
    of_first, of_second = _closed_form(first, product, second)
    slope_first = of_first * first + of_second * product
    slope_second = of_first * product + of_second * second
    excess = of_first * slope_first + of_second * slope_second - min(slope_first, slope_second)
    return MinNormSolution(np.array([of_first, of_second]), 0, 2.0 * max(excess, 0.0))


def _closed_form(first: float, product: float, second: float) -> tuple[float, float]:
    """Eq. 10: weights of two gradients, given their squared norms and their inner product."""
    if product >= min(first, second):
        if first == second:  # equal gradients, for which both cases of eq. 10 hold
            return 0.5, 0.5
        return (1.0, 0.0) if first < second else (0.0, 1.0)
    distance = (first - product) + (second - product)
    return (second - product) / distance, (first - product) / distance


def _solve_many(matrix: np.ndarray) -> tuple[np.ndarray, int]:
    """Exact weights of K gradients, and the number of linear systems solved.

    The weights are proportional to the ``x >= 0`` that minimises ``x' M x / 2 - sum(x)``. Written
    for gradients scaled to norm 1 this stays accurate however far the norms lie apart.
    """
    norms = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
    smallest = norms.min()
    if smallest == 0.0:
        _check_semidefinite(matrix)
        is_zero = norms == 0.0
        return is_zero / is_zero.sum(), 0
    correlations = matrix / norms / norms[:, None]
    if not _is_positive_definite(correlations):
        _check_semidefinite(matrix)
        eigenvalues, vectors = np.linalg.eigh(correlations)
        correlations = (vectors * np.maximum(eigenvalues, SMALLEST_EIGENVALUE)) @ vectors.T
    target = smallest / norms
    x, n_systems = _non_negative_minimiser(correlations, target)
    weights = target * x
    return weights / weights.sum(), n_systems


def _is_positive_definite(correlations: np.ndarray) -> bool:
    """Tell whether every eigenvalue exceeds the smallest that the exact solver works with."""
    shifted = correlations.copy()
    shifted.flat[:: len(shifted) + 1] -= SMALLEST_EIGENVALUE
    try:
        np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return False
    return True


def _non_negative_minimiser(matrix: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, int]:
    """Minimiser of ``x' M x / 2 - target' x`` over ``x >= 0``, and the number of systems solved.

    Lawson and Hanson's non-negative least squares on the Gram matrix, begun with all entries
    instead of none because most gradients get a weight. (scipy's ``nnls`` 1.15 to 1.17 returns
    points that are no minimiser when columns depend on each other, scipy issue 25389.)
    """
    x = np.linalg.solve(matrix, target)
    n_systems = 1
    while x.min() < 0.0:
        x = _minimiser_on(np.flatnonzero(x > 0.0), matrix, target)
        n_systems += 1
    while True:
        slope = matrix @ x - target
        slope[x > 0.0] = 0.0
        entering = slope.argmin()
        if slope[entering] >= 0.0:
            return x, n_systems
        feasible = x
        support = np.append(np.flatnonzero(x), entering)
        candidate = _minimiser_on(support, matrix, target)
        n_systems += 1
        while candidate[entering] > 0.0 and candidate.min() < 0.0:
            # Go towards the candidate until an entry reaches zero; it leaves the support.
            falling = np.flatnonzero(candidate < 0.0)
            steps = feasible[falling] / (feasible[falling] - candidate[falling])
            feasible = feasible + steps.min() * (candidate - feasible)
            feasible[falling[steps.argmin()]] = 0.0
            support = np.flatnonzero(feasible > 0.0)
            candidate = _minimiser_on(support, matrix, target)
            n_systems += 1
        # The objective on a face is -target' x / 2. Where it stops falling, the slope is rounding.
        if candidate.min() < 0.0 or target @ candidate <= target @ x:
            return x, n_systems
        x = candidate


def _minimiser_on(support: np.ndarray, matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Minimiser of ``x' M x / 2 - target' x`` with all entries outside `support` zero."""
    x = np.zeros(len(target))
    x[support] = np.linalg.solve(matrix[support[:, None], support], target[support])
    return x


def _frank_wolfe(matrix: np.ndarray, max_iter: int, tol: float) -> tuple[np.ndarray, int]:
    """Weights of the last Frank-Wolfe iterate, and its number."""
    for iterate in enumerate(islice(_frank_wolfe_iterates(matrix), max_iter + 1)):
        n_iter, (weights, step) = iterate
        if step < tol:
            break
    return weights, n_iter


def _frank_wolfe_iterates(matrix: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the weights of Algorithm 1 and the step that led there, which is 1 for the start.

    Ends only at weights whose duality gap is zero.
    """
    weights, step = np.full(len(matrix), 1 / len(matrix)), 1.0
    while True:
        yield weights, step
        half_slope = matrix @ weights
        corner = int(half_slope.argmin())  # eq. 9
        value, product = float(weights @ half_slope), float(half_slope[corner])
        if product >= value:
            return
        kept, step = _closed_form(value, product, float(matrix[corner, corner]))  # eq. 10
        weights = kept * weights
        weights[corner] += step  # eq. 12
