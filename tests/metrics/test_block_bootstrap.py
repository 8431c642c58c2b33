"""Resamples by plain loops, intervals that hold what they promise, and their degenerate cases."""

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.metrics import paired_block_bootstrap
from sklearn_mtl.metrics._block_length import automatic_block_length
from sklearn_mtl.metrics._block_resampling import block_resampled_means


def autoregression(rng, coefficient, n_rows, n_series=1):
    """Series with correlation coefficient ** lag and variance 1 / (1 - coefficient ** 2)."""
    noise = rng.normal(size=(n_rows + 100, n_series))
    for row in range(1, len(noise)):
        noise[row] += coefficient * noise[row - 1]
    return noise[100:]


@pytest.fixture
def losses():
    """Two columns of different unit, with NaN at different places."""
    rng = np.random.default_rng(0)
    common = autoregression(rng, 0.7, 200, 2) ** 2
    model, reference = common * [0.8, 80.0], common * [1.0, 90.0]
    model = model + rng.exponential(0.1, size=model.shape)
    model[rng.random(model.shape) < 0.2] = np.nan
    reference[rng.random(reference.shape) < 0.2] = np.nan
    return model, reference


def width(interval):
    return interval.high - interval.low


class TestResampledMeans:
    @pytest.mark.parametrize("block_length", [1, 3, 4, 7, 10, 11])
    def test_equals_plain_loops(self, block_length):
        rng = np.random.default_rng(1)
        values = rng.normal(size=(11, 2))
        values[[0, 4, 5], 0] = np.nan
        n_blocks = -(-11 // block_length)
        last_length = 11 - (n_blocks - 1) * block_length
        draws, expected = np.random.RandomState(3), []
        for _ in range(5):
            last, *whole = draws.randint(11, size=n_blocks)
            rows = [(last + i) % 11 for i in range(last_length)]
            rows += [(start + i) % 11 for start in whole for i in range(block_length)]
            assert len(rows) == 11
            expected.append(np.nanmean(values[rows], axis=0))
        means = block_resampled_means(
            values, block_length=block_length, n_resamples=5, random_state=3
        )
        np.testing.assert_allclose(means, expected, rtol=1e-12)

    def test_gross_error_takes_no_digits_of_resamples_without_it(self):
        values = np.ones((60, 1))
        values[20] = 1e20
        means = block_resampled_means(values, block_length=7, n_resamples=200, random_state=0)
        without = means[means < 1e10]
        assert 20 < len(without) < 180
        np.testing.assert_array_equal(without, 1.0)

    def test_every_row_is_drawn_equally_often(self):
        """Also the first and the last, which fewer blocks would hold without the circle."""
        means = block_resampled_means(np.eye(10), block_length=4, n_resamples=4000, random_state=0)
        np.testing.assert_allclose(means.mean(axis=0), 0.1, atol=0.006)

    def test_resample_without_value_is_nan(self):
        values = np.full((30, 1), np.nan)
        values[3] = 2.0
        means = block_resampled_means(values, block_length=10, n_resamples=100, random_state=0)
        assert 10 < np.isnan(means).sum() < 60
        np.testing.assert_array_equal(means[~np.isnan(means)], 2.0)


class TestBlockLength:
    @pytest.mark.parametrize("coefficient", [0.3, 0.6, 0.9])
    def test_autoregression(self, coefficient):
        """The optimum of an autoregression is known in closed form."""
        n_rows = 20_000
        series = autoregression(np.random.default_rng(0), coefficient, n_rows, 11)
        slope_over_variance = 2 * coefficient / (1 - coefficient**2)
        optimum = (1.5 * n_rows * slope_over_variance**2) ** (1 / 3)
        found = np.median([automatic_block_length(x) for x in series.T])
        assert found == pytest.approx(optimum, rel=0.2)

    def test_independent_values_need_no_blocks(self):
        noise = np.random.default_rng(0).normal(size=(11, 2000))
        assert np.median([automatic_block_length(x) for x in noise]) < 3

    def test_does_not_depend_on_unit_and_offset(self):
        series = autoregression(np.random.default_rng(0), 0.8, 500)[:, 0]
        length = automatic_block_length(series)
        assert length > 5
        assert automatic_block_length(1e-6 * series + 3.0) == pytest.approx(length, rel=1e-6)

    @pytest.mark.parametrize("n_rows", [1, 2, 3, 5, 8])
    def test_short_series(self, n_rows):
        length = automatic_block_length(np.arange(float(n_rows)))
        assert 1 <= length <= max(1, np.ceil(n_rows / 3))

    def test_constant(self):
        assert automatic_block_length(np.full(100, 0.1)) == 1

    def test_long_run_variance_near_zero(self):
        """Differences of noise: its estimate may be negative, and makes no block too long."""
        negative, positive = (
            np.diff(np.random.default_rng(seed).normal(size=301)) for seed in (2, 0)
        )
        assert automatic_block_length(negative) == 1
        assert automatic_block_length(positive) == 52  # 3 * sqrt(300), rounded up
        short = np.diff(np.random.default_rng(0).normal(size=31))
        assert automatic_block_length(short) == 10  # a third of 30


class TestGain:
    @pytest.mark.parametrize("relative", [False, True])
    def test_equals_plain_loops(self, losses, relative):
        model, reference = losses
        pairs = []
        for k in range(2):
            kept = ~np.isnan(model[:, k]) & ~np.isnan(reference[:, k])
            pairs.append((model[kept, k].mean(), reference[kept, k].mean()))
        model_mean, reference_mean = np.mean(pairs, axis=0)
        expected = reference_mean - model_mean
        if relative:
            expected /= reference_mean
        interval = paired_block_bootstrap(model, reference, relative=relative, random_state=0)
        assert interval.gain == pytest.approx(expected, rel=1e-12)
        assert interval.low < expected < interval.high
        assert all(isinstance(value, float) for value in interval)

    def test_interval_of_columns_equals_that_of_their_mean(self):
        """Without gaps, averaging over seeds and over rows may change places."""
        model, reference = np.random.default_rng(0).exponential(size=(2, 300, 3))
        options = {"block_length": 4, "random_state": 0}
        columns = paired_block_bootstrap(model, reference, **options)
        means = paired_block_bootstrap(model.mean(axis=1), reference.mean(axis=1), **options)
        np.testing.assert_allclose(columns, means, rtol=1e-10)

    def test_same_blocks_for_all_columns(self, losses):
        """Seeds with equal losses are no more data than one seed."""
        model, reference = (x[:, 0] for x in losses)
        one = paired_block_bootstrap(model, reference, random_state=0)
        three = paired_block_bootstrap(
            np.column_stack([model] * 3), np.column_stack([reference] * 3), random_state=0
        )
        np.testing.assert_allclose(three, one, rtol=1e-12)

    def test_changes_sign_with_the_models(self, losses):
        one, other = losses
        forth = paired_block_bootstrap(one, other, random_state=0)
        back = paired_block_bootstrap(other, one, random_state=0)
        np.testing.assert_allclose(back, [-forth.gain, -forth.high, -forth.low], rtol=1e-10)

    def test_relative_gain_does_not_depend_on_the_unit(self, losses):
        here = paired_block_bootstrap(*losses, relative=True, random_state=0)
        there = paired_block_bootstrap(
            *(1e-6 * column for column in losses), relative=True, random_state=0
        )
        np.testing.assert_allclose(there, here, rtol=1e-9)

    @pytest.mark.parametrize("relative", [False, True])
    def test_automatic_blocks_follow_what_the_gain_adds_up(self, relative):
        """A tenth less of every loss: the difference drifts with the losses, the ratio does not."""
        rng = np.random.default_rng(0)
        reference = autoregression(rng, 0.9, 500)[:, 0] ** 2
        losses = reference * rng.uniform(0.85, 0.95, 500)
        ratio = losses.mean() / reference.mean() if relative else 1.0
        length = int(np.ceil(automatic_block_length(ratio * reference - losses)))
        assert (length < 10) == relative
        options = {"relative": relative, "random_state": 0}
        assert paired_block_bootstrap(losses, reference, **options) == paired_block_bootstrap(
            losses, reference, block_length=length, **options
        )

    def test_pairing_shortens_the_interval(self):
        rng = np.random.default_rng(0)
        common = autoregression(rng, 0.8, 500)[:, 0] ** 2
        model = common + rng.exponential(0.1, 500)
        reference = common + rng.exponential(0.1, 500)
        options = {"random_state": 0, "block_length": 15}
        paired = width(paired_block_bootstrap(model, reference, **options))
        alone = [
            width(paired_block_bootstrap(x, np.zeros(500), **options)) for x in (model, reference)
        ]
        assert paired < 0.2 * np.hypot(*alone)

    def test_randomness_is_an_argument(self, losses):
        first = paired_block_bootstrap(*losses, random_state=1)
        assert paired_block_bootstrap(*losses, random_state=1) == first
        assert paired_block_bootstrap(*losses, random_state=2) != first

    def test_higher_level_is_wider(self, losses):
        widths = [
            width(paired_block_bootstrap(*losses, confidence_level=level, random_state=0))
            for level in (0.5, 0.8, 0.95, 0.99)
        ]
        assert widths == sorted(widths)
        assert widths[0] > 0

    def test_equal_models(self, losses):
        model, _ = losses
        assert paired_block_bootstrap(model, model, relative=True) == (0.0, 0.0, 0.0)

    def test_perfect_reference_is_equalled_or_not(self):
        perfect = np.zeros(40)
        assert paired_block_bootstrap(perfect, perfect, relative=True) == (0.0, 0.0, 0.0)
        worse = paired_block_bootstrap(perfect + 1, perfect, relative=True)
        assert worse == (-np.inf, -np.inf, -np.inf)


class TestCoverage:
    """Share of the intervals that hold the true difference, zero, at the level of 95 %."""

    @staticmethod
    def coverage(differences, block_length):
        rng = np.random.default_rng(5)
        hits = 0
        for seed, difference in enumerate(differences):
            reference = 10 + rng.exponential(size=len(difference))
            interval = paired_block_bootstrap(
                reference + difference,
                reference,
                block_length=block_length,
                n_resamples=200,
                random_state=seed,
            )
            hits += interval.low <= 0 <= interval.high
        return hits / len(differences)

    def test_dependent_errors(self):
        """Single rows promise far too much, blocks of fixed length too much for such errors."""
        differences = autoregression(np.random.default_rng(0), 0.9, 800, 200).T
        assert self.coverage(differences, 1) < 0.5
        cube_root = self.coverage(differences, 9)
        automatic = self.coverage(differences, "auto")
        assert 0.85 < automatic < 0.99
        assert cube_root < automatic - 0.05

    def test_few_independent_rows(self):
        """The plain percentile interval of ten rows holds the truth in 90 % only."""
        differences = np.random.default_rng(0).normal(size=(1000, 10))
        assert 0.925 < self.coverage(differences, 1) < 0.975

    def test_sparse_labels(self):
        """A label every twentieth row depends on the label before, not on the rows between."""
        dense = autoregression(np.random.default_rng(0), 0.9, 400)[:, 0]
        sparse = np.full((400, 20), np.nan)
        sparse[:, 7] = dense
        sparse = sparse.ravel()
        here = width(paired_block_bootstrap(dense, np.zeros(400), random_state=0))
        there = width(paired_block_bootstrap(sparse, np.zeros(8000), random_state=0))
        single = width(
            paired_block_bootstrap(sparse, np.zeros(8000), block_length=1, random_state=0)
        )
        assert there == pytest.approx(here, rel=0.2)
        assert single < 0.5 * here


class TestTooFewLabels:
    def test_interval_of_few_blocks_is_undefined(self):
        rng = np.random.default_rng(0)
        model, reference = rng.exponential(size=(2, 60))
        with pytest.warns(UndefinedMetricWarning, match="lie in 5 blocks.*level 0.95"):
            interval = paired_block_bootstrap(model, reference, block_length=12)
        assert np.isfinite(interval.gain)
        assert np.isnan([interval.low, interval.high]).all()
        # At a lower level, five blocks are enough.
        options = {"block_length": 12, "confidence_level": 0.9, "random_state": 0}
        assert np.isfinite(paired_block_bootstrap(model, reference, **options)).all()

    def test_labels_close_together_lie_in_few_blocks(self):
        rng = np.random.default_rng(0)
        close, apart = np.full((2, 200), np.nan)
        close[50:70] = rng.normal(size=20)
        apart[::10] = rng.normal(size=20)
        options = {"reference_losses": np.zeros(200), "block_length": 10, "random_state": 0}
        with pytest.warns(UndefinedMetricWarning, match="in 2 blocks of 10 rows"):
            assert np.isnan(paired_block_bootstrap(close, **options).low)
        assert np.isfinite(paired_block_bootstrap(apart, **options)).all()
        # The column with the fewest decides.
        options["reference_losses"] = np.zeros((200, 2))
        with pytest.warns(UndefinedMetricWarning, match="in 2 blocks"):
            paired_block_bootstrap(np.column_stack([apart, close]), **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"losses": np.ones(9)}, r"same shape.*Got \(9,\) and \(20,\)"),
        ({"losses": np.ones((20, 1))}, r"same shape.*Got \(20, 1\) and \(20,\)"),
        ({"losses": [], "reference_losses": []}, r"same shape.*Got \(0,\)"),
        ({"losses": np.full(20, np.inf)}, "`losses` must be finite"),
        ({"reference_losses": np.full(20, -np.inf)}, "`reference_losses` must be finite"),
        ({"losses": np.full(20, -1.0), "relative": True}, "at least 0.*-1.0.*relative=False"),
        ({"losses": np.full(20, np.nan)}, "No row has both losses in column 0"),
        ({"block_length": 0}, "`block_length` must be.*20.*Got 0"),
        ({"block_length": 21}, "`block_length` must be.*20.*Got 21"),
        ({"block_length": 2.0}, "`block_length` must be.*Got 2.0"),
        ({"block_length": "long"}, "`block_length` must be.*'long'"),
        ({"n_resamples": 0}, "`n_resamples` must be.*Got 0"),
        ({"confidence_level": 95}, "`confidence_level` must lie.*Got 95"),
    ],
)
def test_wrong_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        paired_block_bootstrap(
            **{"losses": np.ones(20), "reference_losses": np.ones(20), **arguments}
        )


def test_column_without_pair_is_named():
    model = np.ones((20, 3))
    reference = model.copy()
    model[::2, 1] = np.nan
    reference[1::2, 1] = np.nan
    with pytest.raises(ValueError, match="column 1"):
        paired_block_bootstrap(model, reference)
