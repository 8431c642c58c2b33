"""Inside scikit-learn: pipelines, searches, metadata, other meta-estimators."""

import numpy as np
import pytest
import sklearn
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import BMoERegressor, MultiTaskRegressor
from sklearn_mtl.weighting import DynamicLossWeighting, GradNorm
from tests.estimators.neural import NEURAL, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


def pipeline(**params):
    return Pipeline([("scale", StandardScaler()), ("model", tiny(**params))])


def test_search_over_a_pipeline_in_parallel():
    X, y = plant(60)
    grid = {
        "model__weighting": [GradNorm(asymmetry=0.0), GradNorm(asymmetry=3.0, learning_rate=0.5)],
    }
    searches = [
        GridSearchCV(pipeline(), grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(X, y)
        for n_jobs in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    assert len(set(scores[0])) == 2, "every candidate must train another model"
    np.testing.assert_array_equal(*(search.predict(X) for search in searches))


def test_parallel_folds_give_the_same_predictions():
    X, y = plant(60, missing=0.0)
    model = tiny(MultiTaskRegressor)
    one, two = (cross_val_predict(model, X, y, cv=2, n_jobs=n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_search_over_names_and_nested_parameters():
    X, y = plant(60)
    by_name = {"model__weighting": ["equal", "gradnorm"], "model__loss": ["mse", "mae"]}
    nested = {"model__weighting__asymmetry": [0.0, 1.5], "model__weighting__learning_rate": [0.2]}
    for grid, start in ((by_name, "equal"), (nested, GradNorm())):
        model = pipeline(weighting=start, max_epochs=15)
        search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
        scores = search.cv_results_["mean_test_score"]
        assert np.isfinite(scores).all()
        assert len(set(scores)) == len(scores)
    assert search.best_estimator_["model"].weighting.learning_rate == 0.2


def test_nested_parameters_of_a_rule():
    model = BMoERegressor(weighting=GradNorm(asymmetry=0.5))
    assert model.get_params()["weighting__asymmetry"] == 0.5
    assert model.set_params(weighting__asymmetry=2.0).weighting.asymmetry == 2.0
    model.set_params(weighting=DynamicLossWeighting(), weighting__rate=0.2)
    assert model.weighting.rate == 0.2
    with pytest.raises(ValueError, match="asymmetry"):
        model.set_params(weighting__asymmetry=1.0)


def test_walk_forward_scores_of_partly_labelled_targets():
    X, y = plant()
    scores = cross_val_score(pipeline(), X, y, cv=TimeSeriesSplit(3, gap=2), error_score="raise")
    assert np.isfinite(scores).all()


def test_multi_output_regressor_trains_one_model_per_target():
    X, y = plant(missing=0.0)
    model = MultiOutputRegressor(tiny()).fit(X, y)
    assert model.predict(X).shape == y.shape
    alone = tiny().fit(X, y[:, 1])
    np.testing.assert_array_equal(model.predict(X)[:, 1], alone.predict(X))


def test_bagging():
    X, y = plant(missing=0.0)
    model = BaggingRegressor(tiny(), n_estimators=2, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape


def test_sample_weight_is_routed_through_a_pipeline():
    X, y = plant()
    weights = np.random.default_rng(1).uniform(0.0, 2.0, len(X))
    expected = tiny().fit(StandardScaler().fit_transform(X), y, sample_weight=weights)
    with sklearn.config_context(enable_metadata_routing=True):
        model = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            tiny().set_fit_request(sample_weight=True),
        ).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(model.predict(X), expected.predict(model[0].transform(X)))
    stepwise = make_pipeline(StandardScaler(), tiny())
    stepwise.fit(X, y, mmoeregressor__sample_weight=weights)
    np.testing.assert_array_equal(stepwise.predict(X), model.predict(X))


def test_sample_weight_is_routed_through_a_search():
    X, y = plant(60)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        model = tiny().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"hidden_dim": [4]}, cv=2, error_score="raise")
        weighted = search.fit(X, y, sample_weight=weights).cv_results_["mean_test_score"]
        plain = search.fit(X, y).cv_results_["mean_test_score"]
    assert weighted != plain


def test_the_validation_part_can_be_routed():
    X, y = plant()
    X_val, y_val = plant(30, seed=1)
    with sklearn.config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("scale", StandardScaler()),
                ("model", tiny().set_fit_request(X_val=True, y_val=True)),
            ],
            transform_input=["X_val"],
        ).fit(X, y, X_val=X_val, y_val=y_val)
    scaler = StandardScaler().fit(X)
    by_hand = tiny().fit(scaler.transform(X), y, X_val=scaler.transform(X_val), y_val=y_val)
    np.testing.assert_array_equal(model.predict(X), by_hand.predict(scaler.transform(X)))


@ALL
def test_display_and_tags(cls):
    model = tiny(cls)
    assert cls.__name__ in repr(model)
    assert cls.__name__ in model._repr_html_()
    tags = model.__sklearn_tags__()
    assert tags.input_tags.allow_nan
    assert tags.target_tags.multi_output
    assert tags.estimator_type == "regressor"
