"""Spaces of the papers' systems, and several of them as one."""

import inspect
import pickle
import warnings
from math import inf

import numpy as np
import optuna
import pytest
from sklearn.base import BaseEstimator

from sklearn_mtl.datasets import fetch_sru, make_multirate_sintering, make_sintering
from sklearn_mtl.estimators import AttentionMMoERegressor, MSBCNNRegressor, TMoEPRegressor
from sklearn_mtl.pipelines import attention_mmoe_pipeline, msbcnn_pipeline, tmoep_pipeline
from sklearn_mtl.preprocessing import align_windows
from sklearn_mtl.search import (
    ConfigurationSpace,
    Continuous,
    Discrete,
    any_of,
    attention_mmoe_space,
    msbcnn_space,
    tmoep_space,
)

# Table 4, row by row: our name, what the paper lists, and its condition. Numbers of a continuous
# row are the ends of its range.
TABLE_4 = """
x1  operator            linear decimate_repeat hybrid pool conv_blurpool fir_lowpass
x2  pool                avg max median weighted                            if operator=pool
x3  length              8 12 24 36 48
x4  batch_size          16 32 64 128
x5  norm                batch layer instance
x6  projection_channels 8 16 32 64
x7  channels_1          8 16 32 64
x8  channels_2          16 32 64 128
x9  channels_3          32 64 128 256
x10 short_kernels       (3,3,3) (3,5,7) (3,5,9) (5,7,11)
x11 long_kernels        (7,9,11) (9,11,13) (11,13,15)
x12 activation          relu gelu silu tanh
x13 dropout             continuous 0 0.5
x14 learning_rate       log 1e-5 1e-2
x15 weight_decay        log 1e-6 1e-2
x16 scheduling          on off
x17 scheduler           plateau warmup_cosine                              if scheduling=on
x18 loss                mse mae smooth_l1 mape huber logcosh quantile smape combined \
adaptive_combined
x19 loss_pair           (mse,mae) (mse,huber) (mae,huber) (mae,mape) (mse,smape) (mae,quantile) \
(huber,quantile) (mae,multi_quantile) (mse,smooth_l1) (mae,logcosh) \
    if loss=combined,adaptive_combined
x20 loss_weight         0.9 0.7 0.5                                        if loss=adaptive_combined
x21 loss_rate           0.001 0.01 0.1 0.2 0.5                             if loss=adaptive_combined
x22 fusion              concat add weighting gating attention cross_mapping
x23 weighting_mode      add concat                                         if fusion=weighting
x24 cross_mapping_mode  add concat gated                                   if fusion=cross_mapping
"""
# Appendix B.6, without what its other choices make inactive
X_SEL = {
    "operator": "hybrid",
    "length": 12,
    "batch_size": 32,
    "norm": "batch",
    "projection_channels": 16,
    "channels_1": 16,
    "channels_2": 32,
    "channels_3": 64,
    "short_kernels": (3, 5, 7),
    "long_kernels": (9, 11, 13),
    "activation": "tanh",
    "dropout": 0.1,
    "learning_rate": 1e-3,
    "weight_decay": 5.39e-5,
    "scheduling": "on",
    "scheduler": "warmup_cosine",
    "loss": "adaptive_combined",
    "loss_pair": ("mae", "logcosh"),
    "loss_weight": 0.7,
    "loss_rate": 0.001,
    "fusion": "concat",
}
SYSTEMS = {
    "ms_bcnn": (msbcnn_space, msbcnn_pipeline, MSBCNNRegressor),
    "attention_mmoe": (attention_mmoe_space, attention_mmoe_pipeline, AttentionMMoERegressor),
    "tmoep": (tmoep_space, tmoep_pipeline, TMoEPRegressor),
}
QUICK = {"max_epochs": 1, "random_state": 0}
LAGGED = {"lags": 4, "coding": "differences+level", **QUICK}


def read(cell):
    """A number, a tuple or a word."""
    if cell.startswith("("):
        return tuple(map(read, cell[1:-1].split(",")))
    try:
        return float(cell)
    except ValueError:
        return cell


def joined():
    return any_of(
        "system",
        {
            "ms_bcnn": msbcnn_space(calendar=None, **LAGGED),
            "attention_mmoe": attention_mmoe_space(**LAGGED),
            "tmoep": tmoep_space(**LAGGED),
        },
    )


def settings(pipeline):
    """Parameters of a pipeline and its steps, without the steps themselves."""
    return {
        name: value
        for name, value in pipeline.get_params().items()
        if not isinstance(value, BaseEstimator)
        and name.rpartition("__")[2] not in ("steps", "transformers")
    }


@pytest.fixture(scope="module")
def windows():
    plant = make_multirate_sintering(60, random_state=0)
    few = {name: table.iloc[:, :2] for name, table in plant.sources.items()}  # 438 columns
    return align_windows(
        few, plant.times, plant.lookback, plant.dead_time, plant.target, time_column=True
    )


def test_the_space_of_ms_bcnn_is_table_4():
    space = msbcnn_space()
    rows = [line.split(" if ") for line in TABLE_4.strip().splitlines()]
    assert len(rows) == len(space.variables) == 24
    for number, (variable, (row, *condition)) in enumerate(zip(space.variables, rows, strict=True)):
        label, name, *cells = row.split()
        assert (label, name) == (f"x{number + 1}", variable.name)
        if isinstance(variable, Continuous):
            scale, low, high = cells
            assert (variable.low, variable.high) == (float(low), float(high))
            assert variable.log == (scale == "log")
        else:
            assert list(variable.choices) == list(map(read, cells))
        expected = None
        if condition:
            parent, _, values = condition[0].strip().partition("=")
            expected = {parent: values.split(",")}
        assert variable.when == expected


def test_the_exemplar_is_in_the_space_and_the_default():
    space = msbcnn_space()
    assert space.check(X_SEL) == X_SEL
    assert settings(space.build(X_SEL)) == settings(msbcnn_pipeline())


@pytest.mark.parametrize(
    ("variable", "choice"),
    [
        (variable, choice)
        for variable in msbcnn_space().variables
        if isinstance(variable, Discrete)
        for choice in variable.choices
    ],
    ids=lambda part: getattr(part, "name", str(part)),
)
def test_every_choice_reaches_its_place(variable, choice):
    conditions = {parent: values[0] for parent, values in (variable.when or {}).items()}
    pairs = {"loss_pair": ("mae", "huber"), "loss_weight": 0.9, "loss_rate": 0.01}
    modes = {"pool": "max", "weighting_mode": "add", "cross_mapping_mode": "add"}
    config = {**X_SEL, **pairs, **modes, **conditions, variable.name: choice}
    pipeline = msbcnn_space().build(config)
    params = pipeline.get_params()
    if variable.name == "scheduling":
        assert params["model__scheduler"] == ("warmup_cosine" if choice == "on" else None)
    else:
        step = "model"
        if variable.name in ("operator", "pool", "length"):
            step = "prepare__windows__resample"
        assert params[f"{step}__{variable.name}"] == choice


def test_configurations_at_random_fit(windows):
    space, rng = msbcnn_space(**QUICK, max_gap=10), np.random.default_rng(0)
    seen = {variable.name: set() for variable in space.variables}
    for _ in range(30):
        config = space.sample(rng)
        for name, value in config.items():
            seen[name].add(value)
        sensor = space.build(config).fit(windows.X[:40], windows.y[:40])
        assert np.isfinite(sensor.predict(windows.X[40:])).all(), config
    # Few draws, but not of few choices.
    assert all(seen.values())
    assert seen["operator"] == set(space["operator"].choices)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            attention_mmoe_space,
            {
                "n_experts": (2, 8),
                "hidden_dim": (64, 256),
                "learning_rate": (1e-4, 1e-2),
                "batch_size": (32, 128),
                "weight_l1": (0.4, 0.9),
            },
        ),
        (
            tmoep_space,
            {"n_specific": (1, 5), "n_blocks": (1, 4), "n_expert_layers": (1, 5)},
        ),
    ],
)
def test_ranges_are_those_of_the_papers(make, expected):
    space = make()
    for name, ends in expected.items():
        variable = space[name]
        if isinstance(variable, Continuous):
            assert (variable.low, variable.high) == ends
        else:
            assert (min(variable.choices), max(variable.choices)) == ends
            assert variable.is_ordered
    assert not any(variable.when for variable in space.variables)


@pytest.mark.parametrize("system", SYSTEMS)
def test_names_are_arguments_of_the_pipeline(system):
    make, pipeline, regressor = SYSTEMS[system]
    known = {*inspect.signature(pipeline).parameters, *inspect.signature(regressor).parameters}
    assert set(make().names) <= known
    assert make().pipeline == f"{pipeline.__module__}.{pipeline.__name__}"


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_fixed_is_passed_on(system):
    make, _, regressor = SYSTEMS[system]
    space = make(max_epochs=7, batch_size=64)
    assert "batch_size" not in space.names
    model = space.build(space.sample(np.random.default_rng(0)))["model"]
    assert isinstance(model, regressor)
    assert (model.max_epochs, model.batch_size) == (7, 64)


def test_what_is_fixed_decides_what_counts():
    assert "pool" not in msbcnn_space(operator="linear").names
    assert msbcnn_space(operator="pool")["pool"].when is None
    with pytest.raises(ValueError, match="length=10 is none of its choices: 8, 12, 24, 36, 48"):
        msbcnn_space(length=10)
    space = msbcnn_space(scheduling="off")
    assert space.build(space.sample(np.random.default_rng(0)))["model"].scheduler is None


@pytest.mark.parametrize("make", [attention_mmoe_space, tmoep_space])
def test_the_ends_of_the_other_spaces_fit(make):
    X, y = make_sintering(60, random_state=0, missing_fraction=0.3, return_X_y=True)
    space = make(**QUICK)
    for end in (0, -1):
        config = {
            variable.name: variable.choices[end]
            if isinstance(variable, Discrete)
            else (variable.low, variable.high)[end]
            for variable in space.variables
        }
        assert np.isfinite(space.build(config).fit(X, y).predict(X)).all()


class TestAnyOf:
    def test_every_variable_hangs_on_the_choice_of_its_space(self):
        space = joined()
        assert space["system"].choices == tuple(SYSTEMS)
        n_variables = 1
        for system, (make, *_) in SYSTEMS.items():
            for variable in make().variables:
                n_variables += 1
                own = space[f"{system}__{variable.name}"]
                conditions = {f"{system}__{p}": v for p, v in (variable.when or {}).items()}
                assert own.when == {"system": [system], **conditions}
                assert own.distribution == variable.distribution
        assert len(space.names) == n_variables

    @pytest.mark.parametrize("seed", range(20))
    def test_a_choice_is_a_configuration_of_its_space(self, seed):
        space, rng = joined(), np.random.default_rng(seed)
        config = space.sample(rng)
        system = config["system"]
        own = {
            name.removeprefix(f"{system}__"): v for name, v in config.items() if name != "system"
        }
        arguments = LAGGED | ({"calendar": None} if system == "ms_bcnn" else {})
        alone = SYSTEMS[system][0](**arguments)
        assert alone.check(own) == own
        assert settings(space.build(config)) == settings(alone.build(own))

    def test_optuna_asks_for_the_chosen_system_only(self):
        space = joined()
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        for _ in range(20):
            trial = study.ask()
            config = space.suggest(trial)
            prefixes = {name.partition("__")[0] for name in config}
            assert prefixes == {"system", config["system"]}
            study.tell(trial, 0.0)
            assert space.from_trial(study.trials[-1]) == config

    def test_it_is_a_space_like_others(self):
        space = joined()
        assert pickle.loads(pickle.dumps(space)) == space == joined()
        table = space.table()
        assert table.loc["ms_bcnn__pool", "active when"] == (
            "system=ms_bcnn and ms_bcnn__operator=pool"
        )
        assert table.loc["tmoep__n_blocks"].tolist() == [
            "discrete",
            "1, 2, 3, 4",
            "system=tmoep",
        ]
        rng = np.random.default_rng(0)
        quicker = space.with_fixed(tmoep__max_epochs=5, tmoep__n_blocks=3)
        config = next(c for _ in range(99) if (c := quicker.sample(rng))["system"] == "tmoep")
        model = quicker.build(config)["model"]
        assert (model.max_epochs, model.n_blocks) == (5, 3)

    def test_one_system_of_them(self):
        space = joined().with_fixed(system="attention_mmoe")
        assert space.names == [f"attention_mmoe__{name}" for name in attention_mmoe_space().names]
        assert space["attention_mmoe__n_experts"].when is None
        pipeline = space.build(space.sample(np.random.default_rng(0)))
        assert isinstance(pipeline["model"], AttentionMMoERegressor)

    def test_spaces_of_spaces(self):
        ridge = ConfigurationSpace(
            [Continuous("alpha", 1, 2)], "sklearn.linear_model.Ridge", {"solver": "svd"}
        )
        space = any_of("kind", {"linear": ridge, "network": joined()})
        assert space["network__ms_bcnn__pool"].when == {
            "kind": ["network"],
            "network__system": ["ms_bcnn"],
            "network__ms_bcnn__operator": ["pool"],
        }
        model = space.build({"kind": "linear", "linear__alpha": 1.5})
        assert (model.alpha, model.solver) == (1.5, "svd")
        config = {"kind": "network", "network__system": "ms_bcnn"}
        config |= {f"network__ms_bcnn__{name}": value for name, value in X_SEL.items()}
        model = space.build(config)["model"]
        assert isinstance(model, MSBCNNRegressor) and model.max_epochs == 1

    def test_the_same_pipeline_in_two_ways(self):
        space = any_of("lags", {"few": tmoep_space(lags=2), "many": tmoep_space(lags=20)})
        config = space.sample(np.random.default_rng(0))
        assert space.build(config)["lags"].lags == {"few": 2, "many": 20}[config["lags"]]

    def test_errors(self):
        with pytest.raises(
            ValueError, match=r"`spaces` must be a dict from names to at least one space"
        ):
            any_of("system", {})
        with pytest.raises(ValueError, match=r"space 'own' names no `pipeline`"):
            any_of("system", {"own": ConfigurationSpace([Continuous("x", 0, 1)])})
        with pytest.raises(ValueError, match=r"name 'ms__bcnn' of a space holds '__'"):
            any_of("system", {"ms__bcnn": msbcnn_space()})
        with pytest.raises(ValueError, match=r"tmoep__dropout=inf is outside|tmoep__n_blocks=9"):
            joined().with_fixed(tmoep__n_blocks=9, tmoep__dropout=inf)

    def test_one_table_for_all_systems(self, data_home):
        """Rows of one rate in time order, as they come: five sensors and no column of times."""
        X, y = fetch_sru(data_home=data_home, return_X_y=True)
        X, y = X.iloc[:400], y.iloc[:400]
        train, test = slice(0, 300), slice(300, 400)
        space, rng = joined(), np.random.default_rng(1)
        systems = set()
        for _ in range(8):
            config = space.sample(rng)
            systems.add(config["system"])
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                sensor = space.build(config).fit(X[train], y[train])
                assert np.isfinite(sensor.predict(X[test])).all()
        assert systems == set(SYSTEMS)
