"""Resampling operators against loops written from eqs. 37-50, and what they have in common."""

import math
from fractions import Fraction

import numpy as np
import pytest

from sklearn_mtl.preprocessing.resampling import OPERATORS, POOLS, WeightedSum
from sklearn_mtl.preprocessing.resampling._fir_lowpass import windowed_sinc
from sklearn_mtl.preprocessing.resampling._pool_median import LONGEST_NETWORK
from sklearn_mtl.preprocessing.resampling._sorting_network import selection_network
from sklearn_mtl.preprocessing.resampling._weighted_sum import plan_products

# The loops: x is a list of T values, each a number or an array over series, L the length wanted.


def place(t, T, L):
    return Fraction(t, L - 1) * (T - 1)


def nearest(t, T, L):
    return min(T - 1, max(0, math.floor(place(t, T, L) + Fraction(1, 2))))


def loop_linear(x, L):
    T, out = len(x), []
    for t in range(L):
        i = math.floor(place(t, T, L))
        fraction = float(place(t, T, L) - i)
        if i == T - 1:
            out.append(x[T - 1])
        elif fraction == 0:  # so that a NaN of weight zero stays out
            out.append(x[i])
        else:
            out.append((1 - fraction) * x[i] + fraction * x[i + 1])
    return out


def loop_repeat(x, L):
    q, s = L // len(x), L % len(x)
    out = []
    for i, value in enumerate(x):
        out += [value] * (q + 1 if i < s else q)
    return out


def loop_decimate_repeat(x, L):
    T = len(x)
    return [x[nearest(t, T, L)] for t in range(L)] if T > L else loop_repeat(x, L)


def loop_hybrid(x, L):
    if len(x) <= L:
        return loop_repeat(x, L) if len(x) == 1 else loop_linear(x, L)
    z = loop_decimate_repeat(x, L)
    inner = [(z[t - 1] + z[t] + z[t + 1]) / 3 for t in range(1, L - 1)]
    return [z[0], *inner, z[L - 1]]


def mirrored(i, T):
    while not 0 <= i < T:
        i = 0 if T == 1 else -i if i < 0 else 2 * (T - 1) - i
    return i


def convolve(x, kernel):
    radius, T = len(kernel) // 2, len(x)
    return [
        sum(
            weight * x[mirrored(i + k, T)]
            for k, weight in zip(range(-radius, radius + 1), kernel, strict=True)
            if weight != 0
        )
        for i in range(T)
    ]


def filter_and_resample(x, L, down, up):
    T = len(x)
    if T <= L:
        return convolve(loop_linear(x, L), up)
    z = convolve(x, down)
    return [z[nearest(t, T, L)] for t in range(L)]


def loop_conv_blurpool(x, L):
    h = [weight / 16 for weight in (1, 4, 6, 4, 1)]
    return filter_and_resample(x, L, h, h)


def hamming_sinc(T, L):
    radius = math.ceil(Fraction(2 * T, L))
    kernel = []
    for k in range(-radius, radius + 1):
        x = Fraction(k * L, T)  # 2 * f_c * k with f_c = 0.5 / d
        if k == 0:
            sinc = 1.0
        elif x.denominator == 1:
            sinc = 0.0
        else:
            sinc = math.sin(math.pi * x) / (math.pi * x)
        kernel.append(sinc * (0.54 + 0.46 * math.cos(math.pi * k / radius)))
    return [weight / sum(kernel) for weight in kernel]


def loop_fir_lowpass(x, L):
    K = 1 if L < 3 else 3 if L < 5 else 5
    return filter_and_resample(x, L, hamming_sinc(len(x), L), [1 / K] * K)


def intervals(T, L):
    edges = [math.floor(Fraction(t * T, L)) for t in range(L + 1)]
    return [range(edges[t], edges[t + 1]) for t in range(L)]


def loop_pool(x, L, aggregate):
    if len(x) <= L:
        return loop_repeat(x, L)
    return [aggregate([x[k] for k in steps]) for steps in intervals(len(x), L)]


def triangular(values):
    n = len(values)
    alpha = [1 - abs(Fraction(2 * k, n - 1) - 1) if n > 1 else 1 for k in range(n)]
    if n == 2:
        alpha = [1, 1]
    return sum(
        float(a / sum(alpha)) * value for a, value in zip(alpha, values, strict=True) if a != 0
    )


ALL = {**OPERATORS, **{f"pool {name}": pool for name, pool in POOLS.items()}}
LOOPS = {
    "linear": loop_linear,
    "decimate_repeat": loop_decimate_repeat,
    "hybrid": loop_hybrid,
    "conv_blurpool": loop_conv_blurpool,
    "fir_lowpass": loop_fir_lowpass,
    "pool avg": lambda x, L: loop_pool(x, L, lambda values: sum(values) / len(values)),
    "pool max": lambda x, L: loop_pool(x, L, lambda values: np.max(values, axis=0)),
    "pool median": lambda x, L: loop_pool(x, L, lambda values: np.median(values, axis=0)),
    "pool weighted": lambda x, L: loop_pool(x, L, triangular),
}
LINEAR = [name for name, operator in ALL.items() if isinstance(operator, WeightedSum)]
KEEPS_EQUAL_LENGTH = [name for name in ALL if name not in ("conv_blurpool", "fir_lowpass")]

EDGES = [(1, 2), (1, 64), (2, 2), (2, 3), (3, 2), (4, 2), (5, 4), (200, 2), (200, 64), (64, 64)]
EDGES += [(2, 64), (180, 24), (24, 180), (12, 11), (63, 64), (128, 64), (100, 50), (7, 3)]


def random_lengths(n, seed):
    rng = np.random.default_rng(seed)
    return list(zip(rng.integers(1, 201, n).tolist(), rng.integers(2, 65, n).tolist(), strict=True))


def windows(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def by_loop(name, values, length):
    """Run a loop over the last axis of an array."""
    steps = list(np.moveaxis(values, -1, 0))
    return np.stack(LOOPS[name](steps, length), axis=-1)


def test_every_operator_has_a_loop():
    assert ALL.keys() == LOOPS.keys()


@pytest.mark.parametrize("name", ALL)
def test_equals_the_loop(name):
    for T, L in EDGES + random_lengths(60, seed=1):
        X = windows(2, 3, T, seed=T)
        out = ALL[name](X, L)
        assert out.shape == (2, 3, L)
        np.testing.assert_allclose(
            out, by_loop(name, X, L), rtol=1e-10, atol=1e-12, err_msg=f"T={T}, L={L}"
        )


@pytest.mark.parametrize("name", ALL)
def test_float32_stays_float32(name):
    for T, L in EDGES + random_lengths(10, seed=2):
        X = windows(2, 3, T, dtype=np.float32)
        out = ALL[name](X, L)
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, by_loop(name, X.astype(float), L), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_scale_passes_through(name, scale):
    for T, L in EDGES:
        X = windows(1, 2, T)
        np.testing.assert_allclose(
            ALL[name](X * scale, L), ALL[name](X, L) * scale, rtol=1e-9, atol=1e-12 * scale
        )


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("constant", [0.0, -3.7, 1e-200, 1e307])
def test_constants_stay(name, constant):
    for T, L in EDGES + random_lengths(20, seed=3):
        X = np.full((1, 2, T), constant)
        np.testing.assert_allclose(ALL[name](X, L), constant, rtol=1e-12)


@pytest.mark.parametrize("T", [2, 3, 4, 5, 12, 64])
def test_identity_at_equal_length(T):
    X = windows(3, 2, T)
    for name in ALL:
        same = np.array_equal(ALL[name](X, T), X)
        # Two steps are too few for the mean of the low-pass: it has one tap there.
        assert same == (name in KEEPS_EQUAL_LENGTH or (name == "fir_lowpass" and T == 2)), name


@pytest.mark.parametrize("name", LINEAR)
def test_linear_operators_are_linear(name):
    for T, L in EDGES:
        X, Y = windows(2, 2, T, seed=1), windows(2, 2, T, seed=2)
        np.testing.assert_allclose(
            ALL[name](2 * X - 3 * Y, L), 2 * ALL[name](X, L) - 3 * ALL[name](Y, L), atol=1e-12
        )


@pytest.mark.parametrize("name", ["linear", "decimate_repeat"])
def test_both_ends_are_kept(name):
    for T, L in EDGES:
        X = windows(1, 1, T)
        np.testing.assert_array_equal(ALL[name](X, L)[..., [0, -1]], X[..., [0, -1]])


@pytest.mark.parametrize("name", ALL)
def test_nan_reaches_what_is_made_of_it(name):
    lengths = EDGES + random_lengths(12, seed=4)
    for T, L in lengths:
        X = windows(T + 1, 2, T)
        X[np.arange(T), 0, np.arange(T)] = np.nan  # row k lacks step k of the first channel
        out = ALL[name](X, L)
        np.testing.assert_array_equal(
            np.isnan(out), np.isnan(by_loop(name, X, L)), err_msg=f"T={T}, L={L}"
        )
        np.testing.assert_allclose(out, by_loop(name, X, L), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_all_nan_and_many_nan(name):
    X = windows(50, 2, 60)
    X[np.random.default_rng(1).random(X.shape) < 0.3] = np.nan
    X[0] = np.nan
    for L in (7, 60, 64):
        np.testing.assert_allclose(
            ALL[name](X, L), by_loop(name, X, L), rtol=1e-10, atol=1e-12, equal_nan=True
        )


@pytest.mark.parametrize(
    ("T", "L", "steps"),
    [(6, 3, [0, 3, 5]), (4, 3, [0, 2, 3]), (10, 7, [0, 2, 3, 5, 6, 8, 9])],
)
def test_the_later_of_two_equally_near_steps_is_taken(T, L, steps):
    assert OPERATORS["decimate_repeat"](np.arange(float(T)), L).tolist() == steps


def test_low_pass_damps_what_decimation_folds_back():
    T, L = 240, 24
    fast = np.cos(2 * np.pi * 0.09 * np.arange(T))  # above 0.5 / d = 0.05 cycles per step
    slow = np.cos(2 * np.pi * 0.005 * np.arange(T))
    inner = slice(3, -3)  # away from the reflected ends
    assert np.abs(OPERATORS["decimate_repeat"](fast, L)[inner]).max() > 0.9
    assert np.abs(OPERATORS["fir_lowpass"](fast, L)[inner]).max() < 0.1
    decimated = OPERATORS["decimate_repeat"](slow, L)[inner]
    np.testing.assert_allclose(OPERATORS["fir_lowpass"](slow, L)[inner], decimated, atol=0.05)


def test_taps_of_the_low_pass():
    for T, L, n_taps in [(180, 24, 31), (200, 2, 401), (13, 12, 7), (24, 12, 9)]:
        kernel = windowed_sinc(T, L)
        assert len(kernel) == n_taps
        np.testing.assert_allclose(kernel, hamming_sinc(T, L), atol=1e-15)


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 127, 128, 129, 200])
def test_median_equals_numpy(size):
    rng = np.random.default_rng(size)
    median = POOLS["median"]
    L = 3
    ties = rng.integers(0, 3, size=(40, 2, L * size)).astype(float)
    for X in (rng.normal(size=(40, 2, L * size)), ties, np.sort(ties), -np.sort(ties)):
        expected = np.median(X.reshape(40, 2, L, size), axis=-1)
        np.testing.assert_array_equal(median(X, L), expected)
        single = X.astype(np.float32)
        expected = np.median(single.reshape(40, 2, L, size), axis=-1)
        np.testing.assert_array_equal(median(single, L), expected)


@pytest.mark.parametrize("size", range(1, 13))
def test_network_selects_whatever_zeros_and_ones_it_gets(size):
    """Zero-one principle: a network that is right on all zeros and ones is right on all values."""
    inputs = (np.arange(2**size)[:, np.newaxis] >> np.arange(size)) & 1
    for rank in range(size):
        values = list(inputs.T.copy())
        for low, high, keeps_low, keeps_high in selection_network(size, (rank,)):
            smaller, larger = np.minimum(values[low], values[high]), values[low] | values[high]
            values[low] = smaller if keeps_low else np.full_like(smaller, -9)
            values[high] = larger if keeps_high else np.full_like(larger, -9)
        np.testing.assert_array_equal(values[rank], np.sort(inputs, axis=1)[:, rank])


@pytest.mark.parametrize("size", [7, 8, LONGEST_NETWORK, LONGEST_NETWORK + 1])
def test_median_near_the_largest_float(size):
    X = np.full((1, 1, 2 * size), 0.9 * np.finfo(float).max)
    np.testing.assert_array_equal(POOLS["median"](X, 2), X[..., :2])


@pytest.mark.parametrize("size", [7, 8, LONGEST_NETWORK, LONGEST_NETWORK + 1])
def test_nan_reaches_the_median_from_every_place(size):
    X = windows(2 * size, 2 * size)
    X[np.diag_indices(2 * size)] = np.nan
    out = POOLS["median"](X, 2)
    assert np.isnan(out[:size, 0]).all()
    assert np.isnan(out[size:, 1]).all()
    assert np.isnan(out).sum() == 2 * size


def test_input_is_left_as_it_was():
    X = windows(3, 2, 30)
    X[0, 0, 3] = np.nan
    before = X.copy()
    X.flags.writeable = False
    for name in ALL:
        for L in (4, 30, 60):
            ALL[name](X, L)
    np.testing.assert_array_equal(X, before)


def test_shared_weights_are_read_only():
    for name in LINEAR:
        for product in plan_products(ALL[name].weights, 180, 24, np.dtype(float)):
            assert not product.weights.flags.writeable


@pytest.mark.parametrize("name", ALL)
def test_no_rows(name):
    for T, L in [(30, 4), (4, 30)]:
        assert ALL[name](np.empty((0, 2, T)), L).shape == (0, 2, L)
