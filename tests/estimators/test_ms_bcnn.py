"""MSBCNNRegressor: the paper's configuration and search space, windows, counts, hard inputs."""

import pickle
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MSBCNNRegressor
from sklearn_mtl.losses import COMBINED_PAIRS, AdaptiveCombinedLoss, CombinedLoss
from sklearn_mtl.preprocessing import LagFeaturizer
from sklearn_mtl.weighting import ParetoObjectiveRouting

NARROW = {"projection_channels": 4, "channels_1": 4, "channels_2": 4, "channels_3": 4}

# Table 4 of the paper without resampling and the parameters of the optimizer; the modes x23 and
# x24 are active with their own fusion only.
CHOICES = {
    "seq_len": (8, 12, 24, 36, 48),
    "norm": ("batch", "layer", "instance"),
    "projection_channels": (8, 16, 32, 64),
    "channels_1": (8, 16, 32, 64),
    "channels_2": (16, 32, 64, 128),
    "channels_3": (32, 64, 128, 256),
    "short_kernels": ((3, 3, 3), (3, 5, 7), (3, 5, 9), (5, 7, 11)),
    "long_kernels": ((7, 9, 11), (9, 11, 13), (11, 13, 15)),
    "activation": ("relu", "gelu", "silu", "tanh"),
    "fusion and mode": (
        {"fusion": "concat"},
        {"fusion": "add"},
        {"fusion": "weighting", "weighting_mode": "add"},
        {"fusion": "weighting", "weighting_mode": "concat"},
        {"fusion": "gating"},
        {"fusion": "attention"},
        {"fusion": "cross_mapping", "cross_mapping_mode": "add"},
        {"fusion": "cross_mapping", "cross_mapping_mode": "concat"},
        {"fusion": "cross_mapping", "cross_mapping_mode": "gated"},
    ),
    "scheduler": (None, "plateau", "warmup_cosine"),
}


def pairs_of(row):
    return set(combinations(enumerate(row), 2))


def covering_design(sizes):
    """Rows of indices in which every two values of different variables meet, greedily chosen."""
    missing = {
        ((i, a), (j, b))
        for i, j in combinations(range(len(sizes)), 2)
        for a, b in product(range(sizes[i]), range(sizes[j]))
    }
    rows = []
    while missing:
        row = dict(min(missing))
        for variable, size in enumerate(sizes):
            if variable not in row:
                row[variable] = max(
                    range(size),
                    key=lambda value, v=variable, chosen=dict(row): sum(
                        tuple(sorted([(v, value), other])) in missing for other in chosen.items()
                    ),
                )
        rows.append([row[variable] for variable in range(len(sizes))])
        missing -= pairs_of(rows[-1])
    return rows


def parameters(row):
    params = {}
    for (name, values), index in zip(CHOICES.items(), row, strict=True):
        params |= values[index] if isinstance(values[index], dict) else {name: values[index]}
    return params


DESIGN = covering_design([len(values) for values in CHOICES.values()])


def windows(n_rows, seq_len, n_channels=2, n_static=1, *, n_targets=2, seed=0):
    """Rows in the sequence layout, and partly missing targets."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_channels * seq_len + n_static))
    y = 5 + X[:, :n_targets] - X[:, -1:]
    y[rng.random(y.shape) < 0.2] = np.nan
    y[0] = 5.0
    return X, y


def small(seq_len=4, n_static=1, **params):
    return MSBCNNRegressor(
        **{
            **NARROW,
            "seq_len": seq_len,
            "n_static": n_static,
            "max_epochs": 3,
            "random_state": 0,
            **params,
        }
    )


def check_life(params):
    """Build, train two steps, predict, pickle and clone."""
    X, y = windows(8, params["seq_len"])
    model = MSBCNNRegressor(
        **params,
        n_static=1,
        batch_size=4,
        max_epochs=1,
        validation_fraction=None,
        random_state=0,
    ).fit(X, y)
    expected = model.predict(X)
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), expected)
    assert clone(model).get_params() == model.get_params()


# The paper


def test_the_defaults_are_the_configuration_that_the_paper_selects():
    x_sel = {
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
        "scheduler": "warmup_cosine",
        "loss": "adaptive_combined",
        "loss_pair": ("mae", "logcosh"),
        "loss_weight": 0.7,
        "loss_rate": 0.001,
        "fusion": "concat",
    }
    assert x_sel.items() <= MSBCNNRegressor().get_params().items()


def test_the_design_has_every_pair():
    sizes = [len(values) for values in CHOICES.values()]
    expected = sum(a * b for a, b in combinations(sizes, 2))
    assert len(set().union(*map(pairs_of, DESIGN))) == expected
    assert len(DESIGN) < 2 * max(a * b for a, b in combinations(sizes, 2))


@pytest.mark.parametrize("row", DESIGN, ids=lambda row: "".join(map(str, row)))
def test_pairs_of_choices(row):
    check_life(parameters(row))


@pytest.mark.slow
@pytest.mark.parametrize("norm", CHOICES["norm"])
@pytest.mark.parametrize("activation", CHOICES["activation"])
def test_every_layer_with_every_fusion_and_kernel_size(norm, activation):
    """The grid of what decides the form of the network, at its smallest widths."""
    for fusion, short, long in product(
        CHOICES["fusion and mode"], CHOICES["short_kernels"], CHOICES["long_kernels"]
    ):
        kernels = {"short_kernels": short, "long_kernels": long}
        params = {"seq_len": 8, "norm": norm, "activation": activation, **kernels, **fusion}
        check_life({**params, "channels_1": 8, "channels_2": 16, "channels_3": 32})


def convolution(n_in, n_out, kernel):
    return n_in * n_out * kernel + n_out


KERNELS = (3, 5, 7, 9, 11, 13)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        # x_sel on 2 channels of 12 steps and 1 static column: projection, layer by layer the
        # convolutions of both branches, norms, head on 2 * 64 channels
        (
            {"seq_len": 12},
            convolution(3, 16, 1)
            + sum(convolution(16, 16, kernel) for kernel in (3, 9))
            + sum(convolution(16, 32, kernel) for kernel in (5, 11))
            + sum(convolution(32, 64, kernel) for kernel in (7, 13))
            + 2 * 2 * (16 + 32 + 64)
            + 2 * (12 * 128 + 1),
        ),
        # Attention without biases; layer norm has weight and bias per channel
        (
            {"seq_len": 8, **NARROW, "norm": "layer", "fusion": "attention"},
            convolution(3, 4, 1)
            + sum(convolution(4, 4, kernel) for kernel in KERNELS)
            + 2 * 2 * (4 + 4 + 4)
            + 3 * 4 * 4
            + 2 * (8 * 4 + 1),
        ),
        # Branch weights are counted; means and standard deviations are channels
        (
            {
                "seq_len": 4,
                **NARROW,
                "fusion": "weighting",
                "weighting_mode": "concat",
                "window_normalization": True,
            },
            convolution(7, 4, 1)
            + sum(convolution(4, 4, kernel) for kernel in KERNELS)
            + 2 * 2 * (4 + 4 + 4)
            + 8
            + 2 * (4 * 8 + 1),
        ),
    ],
    ids=["x_sel", "attention", "weighting"],
)
def test_parameters_are_counted_as_in_appendix_a_2(params, expected):
    X, y = windows(8, params["seq_len"])
    model = MSBCNNRegressor(**params, n_static=1, max_epochs=1, random_state=0).fit(X, y)
    assert model.n_parameters_ == expected


# Parameters


def test_parameters_that_must_change_the_model_do():
    X, y = windows(40, 4)
    base = small(validation_fraction=None).fit(X, y).predict(X)
    for change in (
        {"projection_channels": 5},
        {"channels_1": 5},
        {"channels_2": 5},
        {"channels_3": 5},
        {"short_kernels": [3, 3, 3]},
        {"long_kernels": (7, 9, 11)},
        {"norm": "layer"},
        {"activation": "gelu"},
        {"dropout": 0.0},
        {"fusion": "gating"},
        {"branches": "short"},
        {"branches": "long"},
        {"time_embedding": False},
        {"window_normalization": True},
        {"loss": "mse"},
        {"loss_pair": ("mse", "mae")},
        {"loss_weight": 0.5},
        {"loss_rate": 0.5},
        {"seq_len": 8},
        {"n_static": 5},
        {"ensemble_size": 2},
    ):
        changed = small(validation_fraction=None, **change).fit(X, y).predict(X)
        assert not np.allclose(changed, base, rtol=1e-7), change


@pytest.mark.parametrize(
    ("active", "inactive"),
    [
        ({"fusion": "concat"}, {"weighting_mode": "concat", "cross_mapping_mode": "gated"}),
        ({"fusion": "weighting"}, {"cross_mapping_mode": "concat"}),
        ({"branches": "short"}, {"fusion": "attention", "long_kernels": (7, 9, 11)}),
        ({"loss": "mae"}, {"loss_pair": ("mse", "huber"), "loss_weight": 0.1, "loss_rate": 1.0}),
        ({"loss": "combined"}, {"loss_weight": 0.1, "loss_rate": 1.0}),
    ],
)
def test_inactive_parameters_are_ignored(active, inactive):
    X, y = windows(20, 4)
    models = [small(**active, **params).fit(X, y) for params in ({}, inactive)]
    np.testing.assert_array_equal(*(model.predict(X) for model in models))


def test_the_proportion_of_a_pair_adapts():
    criterion = small(loss_rate=0.2).fit(*windows(20, 4)).net_.criterion_
    assert not torch.isclose(criterion.term_weights[0], torch.tensor(0.7)).any()


@pytest.mark.parametrize("pair", COMBINED_PAIRS, ids="-".join)
def test_pairs_of_losses(pair):
    X, y = windows(20, 4)
    model = small(loss_pair=pair, loss_weight=0.9, loss_rate=0.2).fit(X, y)
    criterion = model.net_.criterion_
    assert type(criterion) is AdaptiveCombinedLoss
    assert (criterion.weight, criterion.rate) == (0.9, 0.2)
    combined = small(loss="combined", loss_pair=list(pair)).fit(X, y).net_.criterion_
    assert type(combined) is CombinedLoss
    assert combined.weight == 0.5
    assert type(combined.first) is type(criterion.first)
    assert type(combined.second) is type(criterion.second)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"seq_len": 5}, r"9 columns, of which n_static=1 .* seq_len=5 steps: 8 / 5"),
        ({"seq_len": 0}, "'seq_len' parameter .* Got 0"),
        ({"n_static": 9}, r"n_static=9 .* seq_len=4 steps: 0 / 4"),
        ({"n_static": -1}, "'n_static' parameter .* Got -1"),
        ({"channels_2": 0}, "'channels_2' parameter .* Got 0"),
        ({"short_kernels": 3}, "'short_kernels' parameter .* Got 3"),
        ({"short_kernels": (3, 4, 5)}, r"`short_kernels` must be odd.*\(3, 4, 5\)"),
        ({"long_kernels": (9, 11)}, r"`long_kernels` must have three values.*\(9, 11\)"),
        ({"norm": "group"}, "'norm' parameter .*'instance'.* Got 'group'"),
        ({"norm": "instance", "seq_len": 1}, r"needs at least 2. Found seq_len=1"),
        ({"activation": "elu"}, "'activation' parameter .*'silu'.* Got 'elu'"),
        ({"fusion": "sum"}, "'fusion' parameter .*'cross_mapping'.* Got 'sum'"),
        ({"weighting_mode": "gated"}, "'weighting_mode' parameter .* Got 'gated'"),
        ({"cross_mapping_mode": "sum"}, "'cross_mapping_mode' parameter .*'gated'.* Got 'sum'"),
        ({"branches": None}, "'branches' parameter .*'both'.* Got None"),
        ({"loss_pair": ("mae",)}, r"`loss_pair` must name two losses.*\('mae',\)"),
        ({"loss_pair": ("mae", "rmse")}, r"`second` must be one of .*'logcosh'.* 'rmse'"),
        ({"loss_weight": 1.5}, "'loss_weight' parameter .* Got 1.5"),
        ({"loss_rate": -1.0}, "'loss_rate' parameter .* Got -1.0"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_values_are_named_with_the_allowed_ones(params, message):
    with pytest.raises(ValueError, match=message):
        small(**params).fit(*windows(30, 4))


def test_flat_parameters_are_searched():
    X, y = windows(30, 4)
    y = np.nan_to_num(y, nan=5.0)
    grid = {"short_kernels": [(3, 3, 3), (3, 5, 7)], "channels_2": [4, 6]}
    search = GridSearchCV(small(max_epochs=1), grid, cv=2).fit(X, y)
    assert search.best_params_.keys() == grid.keys()
    assert search.best_estimator_.channels_2 == search.best_params_["channels_2"]


# Windows


def frame(names, n_rows=12):
    values = np.random.default_rng(0).normal(size=(n_rows, len(names)))
    return pd.DataFrame(values, columns=names)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a:x:0", "a:x:1", "b:y:0", "b:y:1", "hour_sin", "hour_cos"], (2, 2)),
        (["x(t-1)", "x(t)", "y(t-1)", "y(t)"], (2, 0)),
        (["x(t-1)-x(t-2)", "x(t)-x(t-1)", "x(t)", "hour_sin"], (2, 2)),
        (["flow", "level", "pressure"], (1, 0)),
    ],
)
def test_windows_are_read_from_the_names(names, expected):
    X = frame(names)
    model = small(seq_len=None, n_static=None).fit(X, X.iloc[:, 0])
    assert (model.seq_len_, model.n_static_) == expected
    stated = small(*expected).fit(X, X.iloc[:, 0])
    np.testing.assert_array_equal(model.predict(X), stated.predict(X))


def test_without_names_every_column_is_a_channel():
    X, y = windows(20, 4)
    with pytest.warns(UserWarning, match="every column counts as a channel of one step"):
        model = small(seq_len=None, n_static=None).fit(X, y)
    assert (model.seq_len_, model.n_static_) == (1, 0)
    partly = small(seq_len=3, n_static=None).fit(X, y)
    assert (partly.seq_len_, partly.n_static_) == (3, 0)


def test_a_stated_length_that_contradicts_the_names_raises():
    X = frame(["x(t-1)", "x(t)", "y(t-1)", "y(t)"])
    y = X["x(t)"]
    with pytest.raises(ValueError, match="`seq_len` is 4, but the names of the columns say 2"):
        small(4, None).fit(X, y)
    with pytest.raises(ValueError, match="`n_static` is 2, but the names of the columns say 0"):
        small(None, 2).fit(X, y)
    assert small(4, 0).fit(X, y).seq_len_ == 4, "both stated: the names are not read"


def test_lagged_rows_in_a_pipeline():
    """A quality that needs the past: the change over three steps and the mean of six."""
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(700, 2)), columns=["flow", "level"])
    y = np.column_stack([x["flow"].diff(3), x["level"].rolling(6).mean() * 3])
    y[rng.random(y.shape) < 0.2] = np.nan
    model = make_pipeline(
        LagFeaturizer(lags=7),
        StandardScaler(),
        MSBCNNRegressor(max_epochs=12, learning_rate=5e-3, random_state=0),
    ).set_output(transform="pandas")
    model.fit(x[:500], y[:500])
    assert (model[-1].seq_len_, model[-1].n_static_) == (8, 0)
    assert model.score(x[500:], y[500:]) > 0.8


# Hard inputs


@pytest.mark.parametrize("n_targets", [1, 200])
def test_numbers_of_targets(n_targets):
    X = np.random.default_rng(0).normal(size=(30, 9))
    y = np.tile(X[:, :1], n_targets)
    assert small().fit(X, y).predict(X).shape == (30, n_targets)


@pytest.mark.parametrize("seq_len", [1, 4])
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_one_row(seq_len, norm):
    X, y = windows(1, seq_len)
    predictions = small(seq_len, norm=norm).fit(X, y).predict(X)
    assert predictions.shape == (1, 2)
    assert np.isfinite(predictions).all()


def test_a_last_batch_of_one_row():
    X, y = windows(33, 1, n_channels=3)
    model = small(1, validation_fraction=None, batch_size=32).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.partial_fit(X[:1], y[:1]).predict(X)).all()


def test_single_precision():
    X, y = windows(30, 4)
    X = X.astype(np.float32)
    single, double = small().fit(X, y).predict(X), small().fit(X.astype(float), y).predict(X)
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=1e-12)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance"])
@pytest.mark.parametrize("ensemble_size", [1, 3])
def test_rows_do_not_depend_on_those_they_are_predicted_with(norm, ensemble_size):
    """Also across the borders of the chunks in which predictions are made."""
    X, y = windows(30, 4)
    model = small(norm=norm, ensemble_size=ensemble_size).fit(X, y)
    many, _ = windows(300, 4, seed=1)
    together = model.predict(many)
    alone = np.concatenate([model.predict(row[None]) for row in many])
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    order = np.random.default_rng(2).permutation(300)
    np.testing.assert_allclose(model.predict(many[order]), together[order], rtol=1e-12)


@pytest.mark.parametrize("gradients", ["exact", "representation"])
@pytest.mark.parametrize("ensemble_size", [1, 2])
def test_pareto_routing(gradients, ensemble_size):
    X, y = windows(40, 4)
    rule = ParetoObjectiveRouting(gradients=gradients)
    model = small(weighting=rule, ensemble_size=ensemble_size, max_epochs=8, learning_rate=1e-2)
    losses = model.fit(X, y).history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0]


def test_statistics_of_the_batches_travel_with_the_model():
    X, y = windows(40, 4)
    model = small().fit(X, y)
    (buffer,) = [
        value
        for name, value in model.net_.module_.named_buffers()
        if name.endswith("short.1.running_mean")
    ]
    assert buffer.any()
    warm = small(warm_start=True).fit(X, y)
    first = warm.net_.module_.branches["short"][1].num_batches_tracked.item()
    warm.fit(X, y)
    assert warm.net_.module_.branches["short"][1].num_batches_tracked.item() > first
