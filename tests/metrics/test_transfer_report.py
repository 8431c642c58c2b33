"""Figures by plain loops, verdicts on constructed cases, and what may not change them."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, RepeatedKFold, TimeSeriesSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl import MMoERegressor, PerTargetRegressor
from sklearn_mtl.metrics import normalized_mean_squared_error
from sklearn_mtl.metrics._transfer_report import transfer_report
from sklearn_mtl.preprocessing import LagFeaturizer

GAINS = ["relative_gain", "gain_low", "gain_high"]
FLAGS = ["negative_transfer", "seesaw"]
# One latent variable: good for targets with one cause, bad for those with two.
PLS = PLSRegression(n_components=1)


def plant(causes, *, n_rows=400, noise=1.0, seed=0):
    """Targets a, b, ... of which each depends on the input column that `causes` gives."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 30))
    values = X[:, list(causes)] + rng.normal(0, noise, size=(n_rows, len(causes)))
    return X, pd.DataFrame(values, columns=list("abcdef"[: len(causes)]))


def hide(y, share, seed=1):
    return y.mask(np.random.default_rng(seed).random(y.shape) < share)


class TestFigures:
    def test_equals_plain_loops(self):
        X, y = plant([0, 0, 1])
        y = y * [1.0, 50.0, 1e-3] + [0.0, 300.0, 1.0]
        multi, single = np.empty(y.shape), np.empty(y.shape)
        won = np.zeros(3)
        for train, test in KFold(4).split(X):
            multi[test] = PLS.fit(X[train], y.iloc[train]).predict(X[test])
            for k, name in enumerate(y):
                single[test, k] = Ridge(50.0).fit(X[train], y[name].iloc[train]).predict(X[test])
            won += ((multi[test] - y.iloc[test]) ** 2).mean() < (
                (single[test] - y.iloc[test]) ** 2
            ).mean()
        report = transfer_report(PLS, Ridge(50.0), X, y, KFold(4), random_state=0)
        assert list(report.index) == ["a", "b", "c", "overall"]
        mse = {}
        for name, prediction in (("multi", multi), ("single", single)):
            mse[name] = ((prediction - y) ** 2).mean()
            nmse = normalized_mean_squared_error(y, prediction, multioutput="raw_values")
            np.testing.assert_allclose(report[f"{name}_NMSE"], [*nmse, nmse.mean()], rtol=1e-10)
            np.testing.assert_allclose(report[f"{name}_RMSE"][:3], np.sqrt(mse[name]), rtol=1e-10)
            assert np.isnan(report.loc["overall", f"{name}_RMSE"])
        gain = (mse["single"] - mse["multi"]) / mse["single"]
        np.testing.assert_allclose(report["relative_gain"][:3], gain, rtol=1e-10)
        overall = report.loc["overall"]
        assert overall["relative_gain"] == pytest.approx(
            1 - overall["multi_NMSE"] / overall["single_NMSE"], rel=1e-10
        )
        np.testing.assert_array_equal(report["folds_won"], [*won, won.sum()])
        np.testing.assert_array_equal(report["folds_lost"], [*(4 - won), 12 - won.sum()])
        assert (report["n_labels"] == [400, 400, 400, 1200]).all()
        assert (report["n_compared"] == report["n_labels"]).all()
        assert (report["gain_low"] < report["relative_gain"]).all()
        assert (report["relative_gain"] < report["gain_high"]).all()

    def test_default_folds_test_on_newer_rows_only(self):
        X, y = plant([0, 0])
        report = transfer_report(PLS, X=X, y=y, random_state=0)
        expected = transfer_report(PLS, PLS, X, y, TimeSeriesSplit(5), random_state=0)
        pd.testing.assert_frame_equal(report, expected)
        # The oldest sixth of the rows is never tested.
        assert (report["n_labels"] == [330, 330, 660]).all()
        assert (transfer_report(PLS, X=X, y=y, cv=5)["n_labels"] == [400, 400, 800]).all()

    def test_row_tested_twice_counts_once_with_its_mean_error(self):
        X, y = plant([0, 1], n_rows=60)
        cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
        squared = np.zeros((60, 2))
        for train, test in cv.split(X):
            squared[test] += (PLS.fit(X[train], y.iloc[train]).predict(X[test]) - y.iloc[test]) ** 2
        report = transfer_report(PLS, X=X, y=y, cv=cv)
        np.testing.assert_allclose(report["multi_RMSE"][:2], np.sqrt((squared / 2).mean(axis=0)))
        assert (report["n_labels"] == [60, 60, 120]).all()
        assert report.loc["overall", ["folds_won", "folds_tied", "folds_lost"]].sum() == 12

    def test_folds_as_masks(self):
        X, y = plant([0, 1], n_rows=100)
        old = np.arange(100) < 70
        masks = transfer_report(PLS, X=X, y=y, cv=[(old, ~old)], random_state=0)
        numbers = transfer_report(
            PLS, X=X, y=y, cv=[(np.arange(70), np.arange(70, 100))], random_state=0
        )
        pd.testing.assert_frame_equal(masks, numbers)
        assert masks.loc["a", "n_labels"] == 30


class TestVerdicts:
    def test_equal_models_gain_exactly_nothing(self):
        """Ridge solves all targets at once, but each as if it were alone."""
        X, y = plant([0, 0, 1])
        report = transfer_report(Ridge(), X=X, y=y, random_state=0)
        assert (report[GAINS] == 0).all(axis=None)
        assert not report[FLAGS].any(axis=None)
        assert (report["folds_tied"] == [5, 5, 5, 15]).all()

    def test_equal_perfect_models_gain_exactly_nothing(self):
        """Their errors are rounding, and a ratio of rounding errors may be anything."""
        X, y = plant([0, 1], noise=0.0)
        report = transfer_report(
            LinearRegression(), make_pipeline(StandardScaler(), LinearRegression()), X, y * 1e5
        )
        assert (report["multi_RMSE"][:2] < 1e-8).all()
        assert (report[GAINS] == 0).all(axis=None)
        assert not report[FLAGS].any(axis=None)

    def test_positive_transfer(self):
        X, y = plant([0, 0, 0, 0], n_rows=300, noise=2.0)
        report = transfer_report(PLS, X=X, y=y, cv=5, random_state=0)
        assert (report["gain_low"] > 0).all()
        assert not report[FLAGS].any(axis=None)

    def test_negative_transfer(self):
        X, y = plant([0, 1, 2])
        report = transfer_report(PLS, X=X, y=y, random_state=0)
        assert (report["gain_high"] < 0).all()
        assert report["negative_transfer"].all()
        assert not report["seesaw"].any()

    def test_seesaw(self):
        X, y = plant([0, 0, 0, 0, 1], n_rows=300, noise=1.5, seed=1)
        report = transfer_report(PLS, X=X, y=y, cv=5, random_state=0)
        # The gain of d is no more than what these rows may show by chance.
        assert list(report.index[report["gain_low"] > 0]) == ["a", "b", "c"]
        assert list(report.index[report["negative_transfer"]]) == ["e", "overall"]
        assert list(report.index[report["seesaw"]]) == ["a", "b", "c", "e", "overall"]

    def test_equally_good_models_are_rarely_flagged(self):
        """Each sees the state through a sensor of its own, equally good; all is autocorrelated."""
        rng = np.random.default_rng(0)
        multi, single = (
            make_pipeline(FunctionTransformer(lambda X, k=k: X[:, [k]]), Ridge()) for k in (0, 1)
        )
        decided = {"auto": 0, 1: 0}
        for seed in range(60):
            state_and_noise = rng.normal(size=(600, 3))
            for row in range(1, 600):
                state_and_noise[row] += 0.8 * state_and_noise[row - 1]
            state, noise = state_and_noise[:, 0], state_and_noise[:, 1:]
            data = {"X": state[:, np.newaxis] + noise, "y": state, "cv": 2}
            for block_length in decided:
                report = transfer_report(
                    multi,
                    single,
                    **data,
                    block_length=block_length,
                    n_resamples=200,
                    random_state=seed,
                )
                low, high = report.loc["y0", ["gain_low", "gain_high"]]
                decided[block_length] += low > 0 or high < 0
                assert report.loc["y0", "negative_transfer"] == (high < 0)
        assert 1 <= decided["auto"] <= 10
        assert decided[1] >= 18, "rows drawn one by one decide too often"


class TestWhatMayNotChangeIt:
    def test_units(self):
        X, y = plant([0, 0, 1])
        here = transfer_report(PLS, X=X, y=y, random_state=0)
        there = transfer_report(PLS, X=X, y=y * [1e6, 1e-5, 3.0] - 2.0, random_state=0)
        units = ["multi_RMSE", "single_RMSE"]
        pd.testing.assert_frame_equal(here.drop(columns=units), there.drop(columns=units))
        np.testing.assert_allclose(
            there[units][:3], here[units][:3].mul([1e6, 1e-5, 3.0], axis=0), rtol=1e-6
        )

    def test_order_of_targets(self):
        X, y = plant([0, 0, 1])
        y = hide(y, 0.1)
        multi, single = PerTargetRegressor(KNeighborsRegressor(20)), PerTargetRegressor(Ridge(50.0))
        here = transfer_report(multi, single, X, y, random_state=0)
        there = transfer_report(multi, single, X, y[["c", "a", "b"]], random_state=0)
        pd.testing.assert_frame_equal(there.loc[here.index], here)

    def test_number_of_jobs(self):
        X, y = plant([0, 1], n_rows=120)
        reports = []
        for n_jobs in (1, 2):
            with parallel_config(backend="threading"):
                reports.append(transfer_report(PLS, Ridge(), X, y, random_state=0, n_jobs=n_jobs))
        pd.testing.assert_frame_equal(*reports)

    def test_kind_of_input(self):
        X, y = plant([0, 1], n_rows=120)
        report = transfer_report(PLS, X=pd.DataFrame(X).add_prefix("x"), y=y, random_state=0)
        arrays = transfer_report(PLS, X=X, y=y.to_numpy(), random_state=0)
        assert list(arrays.index) == ["y0", "y1", "overall"]
        pd.testing.assert_frame_equal(arrays.set_axis(report.index), report)
        lists = transfer_report(PLS, X=X.tolist(), y=y.to_numpy().tolist(), random_state=0)
        pd.testing.assert_frame_equal(lists, arrays)

    @pytest.mark.parametrize(
        "kind", [lambda y: y["b"], lambda y: y["b"].to_numpy(), lambda y: y[["b"]]]
    )
    def test_one_target(self, kind):
        X, y = plant([0, 1], n_rows=120)
        report = transfer_report(PLS, Ridge(), X, kind(y), random_state=0)
        assert list(report.index[1:]) == ["overall"]
        target, overall = report[GAINS].to_numpy()
        np.testing.assert_allclose(target, overall, rtol=1e-10)
        both = transfer_report(Ridge(), PLS, X, y, random_state=0)
        assert report["single_RMSE"].iloc[0] == pytest.approx(both.loc["b", "multi_RMSE"])
        assert (transfer_report(PLS, X=X, y=kind(y))["relative_gain"] == 0).all()

    def test_models_are_left_as_they_were(self):
        X, y = plant([0, 1], n_rows=60)
        multi, single = PLSRegression(n_components=1), Ridge()
        transfer_report(multi, single, X, y, 2)
        for model in (multi, single):
            with pytest.raises(Exception, match="not fitted"):
                check_is_fitted(model)


class TestMissingLabels:
    def test_masking_equals_deleting(self):
        """One target: rows without label, at places that no fold notices."""
        X, y = plant([0], n_rows=300)
        label = y["a"].copy()
        label[::3] = np.nan
        kept = label.notna().to_numpy()
        multi, single = PerTargetRegressor(Ridge(50.0)), PerTargetRegressor(Ridge(1.0))
        options = {"block_length": 1, "random_state": 0}
        masked = transfer_report(multi, single, X, label, 5, **options)
        deleted = transfer_report(multi, single, X[kept], label[kept], 5, **options)
        figures = ["multi_NMSE", "single_RMSE", "relative_gain", "n_labels", "folds_won"]
        pd.testing.assert_frame_equal(masked[figures], deleted[figures])
        for bound in ("gain_low", "gain_high"):
            assert masked.loc["a", bound] == pytest.approx(deleted.loc["a", bound], abs=0.003)

    def test_rows_without_prediction_are_left_out_for_both(self):
        """The first rows of a test part lack the values that a lag step asks for."""
        X, y = plant([0, 1], n_rows=200)
        y = hide(y, 0.2)
        lagged = make_pipeline(
            LagFeaturizer(lags=3, history="exclude"), StandardScaler(), PerTargetRegressor(PLS)
        )
        with pytest.warns(UserWarning, match="3 of 40 rows"):
            report = transfer_report(lagged, PerTargetRegressor(Ridge()), X, y, 5)
        gaps = np.zeros(200, dtype=bool)
        for start in range(0, 200, 40):
            gaps[start : start + 3] = True
        n_labels = y.notna().sum()
        n_compared = y[~gaps].notna().sum()
        assert (n_compared < n_labels).all()
        np.testing.assert_array_equal(report["n_labels"], [*n_labels, n_labels.sum()])
        np.testing.assert_array_equal(report["n_compared"], [*n_compared, n_compared.sum()])
        # The single-task error is that of the compared rows alone.
        single = np.empty(y.shape)
        for train, test in KFold(5).split(X):
            model = PerTargetRegressor(Ridge()).fit(X[train], y.iloc[train])
            single[test] = model.predict(X[test])
        expected = np.sqrt(((single - y)[~gaps] ** 2).mean())
        np.testing.assert_allclose(report["single_RMSE"][:2], expected)

    def test_network(self):
        X, y = plant([0, 0], n_rows=200)
        network = MMoERegressor(max_epochs=2, random_state=0)
        report = transfer_report(network, X=X, y=hide(y, 0.5), cv=2, random_state=0)
        assert np.isfinite(report[GAINS]).all(axis=None)
        assert (report["folds_tied"] == 0).all()
        assert 0 < report.loc["overall", "n_compared"] == report.loc["overall", "n_labels"] < 300

    def test_target_with_too_few_labels_is_not_judged(self):
        X, y = plant([0, 1, 0])
        y.loc[70:, "a"] = np.nan  # none in any test part
        y.loc[np.arange(400) % 97 != 0, "b"] = np.nan
        model = PerTargetRegressor(Ridge())
        with pytest.warns(UndefinedMetricWarning, match="which is NaN: a, b"):
            report = transfer_report(
                model, PerTargetRegressor(Ridge(100.0)), X, y, [(np.arange(70), np.arange(70, 400))]
            )
        assert report.loc["a", "n_labels"] == 0
        assert report.loc["a", GAINS].isna().all()
        assert not report.loc["a", ["folds_won", "folds_tied", "folds_lost"]].any()
        assert report.loc["b", "n_labels"] == 4
        assert np.isfinite(report.loc["b", "relative_gain"])
        assert report.loc["b", ["gain_low", "gain_high"]].isna().all()
        assert not report.loc[["a", "b"], FLAGS].any(axis=None)
        assert np.isfinite(report.loc["c", GAINS].astype(float)).all()
        assert report.loc["overall", "multi_NMSE"] == report["multi_NMSE"][["b", "c"]].mean()

    def test_constant_target_has_no_normalized_error(self):
        X, y = plant([0, 0], n_rows=200)
        y.loc[100:, "b"] = 0.1
        cv = [(np.arange(100), np.arange(100, 200))]
        report = transfer_report(Ridge(), Ridge(1000.0), X, y, cv, random_state=0)
        assert report.loc["b", ["multi_NMSE", "single_NMSE"]].isna().all()
        assert np.isfinite(report.loc["b", GAINS].astype(float)).all()
        pd.testing.assert_series_equal(
            report.loc["overall", GAINS], report.loc["a", GAINS], check_names=False
        )


class DivergedRegressor(RegressorMixin, BaseEstimator):
    """Predicts infinity, as a network without scaled inputs may."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.full(len(X), np.inf)


class TestWrongInput:
    def test_data_must_be_given(self):
        X, y = plant([0, 1], n_rows=60)
        with pytest.raises(TypeError, match=r"needs X and y: transfer_report\(multi, X=X, y=y\)"):
            transfer_report(PLS)
        with pytest.raises(TypeError, match=r"`single` must be an estimator.*Got ndarray.*by name"):
            transfer_report(PLS, X, y, y)
        with pytest.raises(TypeError, match="`multi` must be an estimator"):
            transfer_report("ridge", X=X, y=y)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            transfer_report(PLS, X=X, y=y[:50])

    def test_target_named_overall_is_refused(self):
        X, y = plant([0, 1], n_rows=60)
        with pytest.raises(ValueError, match="no target can be called so"):
            transfer_report(PLS, X=X, y=y.rename(columns={"b": "overall"}))

    def test_fold_without_training_label_is_named(self):
        X, y = plant([0, 1], n_rows=60)
        y.loc[:15, "b"] = np.nan
        with pytest.raises(ValueError, match="10 training rows of fold 1 of 5 has a label of 'b'"):
            transfer_report(PerTargetRegressor(Ridge()), X=X, y=y)

    def test_error_of_a_model_tells_its_place(self):
        X, y = plant([0, 1], n_rows=60)
        y.loc[30, "b"] = np.nan
        with pytest.raises(ValueError, match="contains NaN") as caught:
            transfer_report(PerTargetRegressor(Ridge()), Ridge(), X, y)
        # Fold 4 is the first that trains on row 30.
        assert caught.value.__notes__ == ["Raised by the single-task model of b in fold 4 of 5."]

    def test_infinite_prediction(self):
        X, y = plant([0, 1], n_rows=60)
        with pytest.raises(
            ValueError, match=r"prediction of the single-task model of a in fold 1.*inf"
        ):
            transfer_report(PLS, DivergedRegressor(), X, y)

    def test_prediction_of_another_shape(self):
        X, y = plant([0, 1], n_rows=60)
        with pytest.raises(
            ValueError, match=r"multi-task model in fold 1 of 5.*\(10, 2\).*\(10, 1\)"
        ):
            transfer_report(DivergedToZero(), PLS, X, y)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"cv": []}, r"`cv` must give at least one fold. Got \[\]"),
            ({"block_length": 51}, "`block_length` must be.*number of rows, 50. Got 51"),
            ({"n_resamples": 0}, "`n_resamples` must be.*Got 0"),
            ({"confidence_level": 1.0}, "`confidence_level` must lie.*Got 1.0"),
        ],
    )
    def test_parameters_are_checked_before_the_models_are_fitted(self, arguments, message):
        X, y = plant([0, 1], n_rows=60)
        with pytest.raises(ValueError, match=message):
            transfer_report(MustNotBeFitted(), X=X, y=y, **arguments)


class DivergedToZero(DivergedRegressor):
    def predict(self, X):
        return np.zeros(len(X))


class MustNotBeFitted(DivergedRegressor):
    def fit(self, X, y):
        raise AssertionError
