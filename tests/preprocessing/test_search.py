"""One search over one pipeline: operator, length, lags, contamination and the model together."""

import optuna
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import PerTargetRegressor, SharedBottomRegressor
from sklearn_mtl.datasets import make_multirate_sintering
from sklearn_mtl.metrics import masked_r2_score
from sklearn_mtl.preprocessing import (
    CalendarEncoder,
    IsolationForestFilter,
    LagFeaturizer,
    LastValueHold,
    MultirateResampler,
    ShortGapInterpolator,
    SteadyStateFilter,
    align_windows,
)


@pytest.fixture(scope="module")
def samples():
    plant = make_multirate_sintering(n_cycles=150, random_state=0)
    windows = align_windows(
        plant.sources,
        plant.times,
        plant.lookback,
        plant.dead_time,
        plant.target,
        time_column=True,
    )
    # The recipe in force when the sample was blended, as one column per setting.
    recipe = plant.sources["raw_material"][["coke", "mix_moisture"]]
    setting = recipe.reindex(plant.times - plant.dead_time, method="ffill").set_axis(plant.times)
    return windows.X.join(setting), windows.y, windows.layout


def every_transformer(layout):
    windows = Pipeline(
        [
            ("gaps", ShortGapInterpolator(max_gap=5, along="steps")),
            ("resample", MultirateResampler(length=6, layout=layout)),
        ]
    )
    recipe = Pipeline(
        [
            ("hold", LastValueHold(max_age=3)),
            ("steady", SteadyStateFilter(bounds={0: (0.1, None)})),  # coke
            ("lags", LagFeaturizer(lags=1, segment=None)),
        ]
    )
    return Pipeline(
        [
            (
                "prepare",
                ColumnTransformer(
                    [
                        ("windows", windows, make_column_selector(pattern=":")),
                        ("recipe", recipe, ["coke", "mix_moisture"]),
                        ("calendar", CalendarEncoder(["hour", "day_of_week"]), ["time"]),
                    ],
                    verbose_feature_names_out=False,
                ),
            ),
            ("filter", IsolationForestFilter(n_estimators=10, random_state=0)),
            ("scale", StandardScaler()),
            ("model", PerTargetRegressor(Ridge())),
        ]
    )


# Samples with a long gap get no prediction.
SCORER = make_scorer(masked_r2_score, nan_prediction="skip")
NETWORK = SharedBottomRegressor(max_epochs=2, hidden_dim=8, random_state=0)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_as_many_rows_out_as_in_and_names_everywhere(samples, output):
    X, y, layout = samples
    pipeline = every_transformer(layout).set_output(transform=output).fit(X, y)
    prepared = pipeline[:-1].transform(X)
    assert len(prepared) == len(X)
    assert len(pipeline.predict(X)) == len(X)
    assert len(pipeline.predict(X.iloc[:1])) == 1
    names = pipeline[:-1].get_feature_names_out()
    assert len(set(names)) == prepared.shape[1]
    assert names[-1] == "time_day_of_week_cos"
    if output == "pandas":
        assert isinstance(prepared, pd.DataFrame)
        assert list(prepared) == list(names)
        assert prepared.index.equals(X.index)
        assert names[0] == "raw_material:mix_moisture:0"
        assert {"coke(t-1)", "time_hour_sin"} <= set(names)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_grid_search(samples, output):
    X, y, layout = samples
    grid = [
        {
            "prepare__windows__resample__operator": [operator],
            "prepare__windows__resample__length": [length],
            "prepare__recipe__lags__lags": [lags],
            "filter__contamination": [contamination],
            "model": [model],
        }
        for operator, length, lags, contamination, model in [
            ("hybrid", 2, 0, 0.1, PerTargetRegressor(Ridge())),
            ("pool", 2, 0, 0.1, PerTargetRegressor(Ridge())),
            ("pool", 6, 0, 0.1, PerTargetRegressor(Ridge())),
            ("pool", 6, 2, 0.1, PerTargetRegressor(Ridge())),
            ("pool", 6, 2, 0.2, PerTargetRegressor(Ridge())),
            ("pool", 6, 2, 0.2, NETWORK),
        ]
    ]
    search = GridSearchCV(
        every_transformer(layout).set_output(transform=output),
        grid,
        cv=TimeSeriesSplit(n_splits=2),
        scoring=SCORER,
        n_jobs=2,
        error_score="raise",
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == 6, "every parameter matters"
    assert len(search.predict(X)) == len(X)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_optuna(samples, output):
    X, y, layout = samples

    def objective(trial):
        model = trial.suggest_categorical("model", ["ridge", "network"])
        pipeline = every_transformer(layout).set_output(transform=output)
        pipeline.set_params(
            prepare__windows__resample__operator=trial.suggest_categorical(
                "operator", ["linear", "fir_lowpass", "pool"]
            ),
            prepare__windows__resample__length=trial.suggest_int("length", 2, 24),
            prepare__recipe__lags__lags=trial.suggest_int("lags", 0, 3),
            filter__contamination=trial.suggest_float("contamination", 0.01, 0.2),
            model=NETWORK if model == "network" else PerTargetRegressor(Ridge(alpha=10)),
        )
        folds = TimeSeriesSplit(n_splits=2)
        return cross_val_score(
            pipeline, X, y, cv=folds, scoring=SCORER, n_jobs=2, error_score="raise"
        ).mean()

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=3)
    assert len({trial.value for trial in study.trials}) == 3
