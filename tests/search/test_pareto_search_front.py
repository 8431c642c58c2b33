"""What comes out of a search: its results, its front, its tables, and the models chosen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso
from sklearn.model_selection import cross_val_score

from tests.search.searched import X, Y, lasso, search_of


@pytest.fixture(scope="module")
def fitted():
    return lasso(30, cv=3).fit(X, Y)


def test_front_is_what_no_other_trial_beats(fitted):
    results = pd.DataFrame(fitted.cv_results_)
    losses = results[["mean_test_mse", "mean_test_n_parameters"]].to_numpy()
    on_front = [
        not any((other <= own).all() and (other < own).any() for other in losses) for own in losses
    ]
    assert ((results["rank_test_score"] == 1) == on_front).all()
    front = fitted.pareto_front_
    assert not front.duplicated(["mse", "n_parameters"]).any()
    expected = np.unique(losses[on_front], axis=0)
    np.testing.assert_allclose(front[["mse", "n_parameters"]], expected)
    by_number = results.set_index("trial").loc[front["trial"]]
    np.testing.assert_allclose(by_number["param_alpha"].astype(float), front["alpha"])


def test_results_are_what_cross_validation_gives(fitted):
    row = 7
    model = Lasso(**fitted.cv_results_["params"][row])
    expected = -cross_val_score(model, X, Y, cv=3, scoring="neg_mean_squared_error")
    got = [fitted.cv_results_[f"split{i}_test_mse"][row] for i in range(3)]
    np.testing.assert_allclose(got, expected)
    assert fitted.cv_results_["mean_test_mse"][row] == pytest.approx(expected.mean())
    assert fitted.cv_results_["std_test_mse"][row] == pytest.approx(expected.std())
    assert fitted.n_splits_ == 3
    assert len(fitted.cv_results_["mean_fit_time"]) == 30


def test_selected_model_predicts_as_fitted_on_all_rows(fitted):
    expected = Lasso(**fitted.best_params_).fit(X, Y)
    np.testing.assert_allclose(fitted.predict(X), expected.predict(X))
    assert fitted.score(X, Y) == pytest.approx(expected.score(X, Y))
    assert fitted.best_params_ == fitted.cv_results_["params"][fitted.best_index_]
    assert fitted.best_params_["alpha"] == fitted.pareto_front_["alpha"][fitted.best_front_index_]


def test_selection(fitted):
    assert fitted.select_index("best_error") == 0
    assert fitted.select_index("smallest") == len(fitted.pareto_front_) - 1
    largest = fitted.select(lambda front: int(front["n_parameters"].argmax()))
    assert np.count_nonzero(largest.coef_) >= np.count_nonzero(fitted.select("smallest").coef_)
    assert fitted.select("smallest_within", tolerance=1e9) is fitted.select("smallest")
    with pytest.raises(ValueError, match=r"an integer from 0 to \d+. Got 99"):
        fitted.select(lambda front: 99)
    with pytest.raises(ValueError, match="'best' is no rule"):
        fitted.select("best")


def test_options_belong_to_rules():
    search = search_of().fit(X, Y)
    with pytest.raises(ValueError, match="The rule 'knee' has no option 'tolerance'"):
        search.select("knee", tolerance=0.1)


def test_refit_by_a_function():
    search = lasso(refit=lambda front: len(front) - 1).fit(X, Y)
    assert search.best_front_index_ == search.select_index("smallest")


def test_tables(fitted):
    table = fitted.front_table()
    assert table.index.tolist() == fitted.pareto_front_["trial"].tolist()
    assert table["mse / best"].iloc[0] == 1
    assert "best_error" in table["selected by"].iloc[0]
    assert "smallest" in table["selected by"].iloc[-1]
    history = fitted.hypervolume_history()
    assert history["trial"].tolist() == list(range(30))
    assert (history["hypervolume"].diff().dropna() >= -1e-12).all()
    assert history["hypervolume"].iloc[-1] > history["hypervolume"].iloc[0] >= 0


def test_errors_next_to_the_best():
    errors = search_of().fit(X, Y).front_table()
    assert errors["mse / best"].iloc[0] == 1
    assert errors["mse / best"].is_monotonic_increasing
    search = search_of(objectives=("r2", "n_parameters"), n_trials=20)
    scores = search.fit(X, Y).front_table()
    np.testing.assert_allclose(scores["r2 - best"], scores["r2"] - scores["r2"].max())
    assert scores["r2 - best"].iloc[0] == 0
    perfect = search_of(objectives=("mse",), space={"alpha": [0.1, 0.2]})
    table = perfect.fit(X, np.ones(len(Y))).front_table()  # what a constant explains
    assert table["mse - best"].tolist() == [0]


def test_history_of_the_hypervolume():
    search = search_of(n_trials=20).fit(X, Y)
    history = search.hypervolume_history([5.0, 9.0])
    assert history["hypervolume"].is_monotonic_increasing
    with pytest.raises(ValueError, match=r"one value for each objective.* Got shape \(1,\)"):
        search.hypervolume_history([1.0])
