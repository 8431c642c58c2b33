"""The bi-branch network: layout, layers, counts, and what it promises as an architecture."""

import math

import pytest
import torch
from torch.nn import functional

from sklearn_mtl.extension import check_architecture
from sklearn_mtl.nn import (
    MSBCNN,
    NORMS,
    ImplicitEnsemble,
    Towers,
    normalize_windows,
    task_slices,
)

TINY = {
    "projection_channels": 3,
    "channels": (2, 3, 4),
    "short_kernels": (1, 3, 3),
    "long_kernels": (3, 5, 7),
}
N_CHANNELS, SEQ_LEN, N_STATIC = 2, 4, 3
N_FEATURES = N_CHANNELS * SEQ_LEN + N_STATIC


def tiny(n_targets=3, *, seed=0, **params):
    torch.manual_seed(seed)
    params = {**TINY, "seq_len": SEQ_LEN, "n_static": N_STATIC, **params}
    n_features = params.pop("n_features", N_FEATURES)
    return MSBCNN(n_features, n_targets, **params).double()


def rows(n_rows, n_features=N_FEATURES, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_features, generator=generator, dtype=torch.float64)


def trained_statistics(network):
    """Give batch norms running statistics and weights other than those they start with."""
    for module in network.modules():
        if isinstance(module, tuple(NORMS.values())):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias)
    network.train()(3 + 2 * rows(50))
    return network.eval()


# The network, plainly


def plain_convolution(layer, steps):
    """Length-preserving convolution of a sequence C x L by loops over steps and taps."""
    n_steps, kernel = steps.shape[1], layer.weight.shape[2]
    out = []
    for t in range(n_steps):
        value = layer.bias.clone()
        for j in range(kernel):
            s = t + j - (kernel - 1) // 2
            if 0 <= s < n_steps:
                value = value + layer.weight[:, :, j] @ steps[:, s]
        out.append(value)
    return torch.stack(out, dim=1)


def plain_norm(name, layer, steps):
    """Eqs 51 to 53 for a row C x L in evaluation."""
    if name == "batch":
        mean, variance = layer.running_mean[:, None], layer.running_var[:, None]
    else:
        dim = 0 if name == "layer" else 1
        mean = steps.mean(dim=dim, keepdim=True)
        variance = ((steps - mean) ** 2).mean(dim=dim, keepdim=True)
    standard = (steps - mean) / torch.sqrt(variance + layer.eps)
    return layer.weight[:, None] * standard + layer.bias[:, None]


ACTIVATIONS = {
    "relu": lambda a: torch.clamp(a, min=0),  # eqs 54 to 57
    "gelu": lambda a: a * (1 + torch.erf(a / math.sqrt(2))) / 2,
    "silu": lambda a: a / (1 + torch.exp(-a)),
    "tanh": lambda a: (torch.exp(a) - torch.exp(-a)) / (torch.exp(a) + torch.exp(-a)),
}


@pytest.mark.parametrize("norm", ["batch", "layer", "instance"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_row_step_by_step(norm, activation):
    network = trained_statistics(tiny(norm=norm, activation=activation, fusion="add"))
    x = rows(2)
    for row, output in zip(x, network(x), strict=True):
        windows = row[: N_CHANNELS * SEQ_LEN].reshape(N_CHANNELS, SEQ_LEN)
        static = row[N_CHANNELS * SEQ_LEN :, None].repeat(1, SEQ_LEN)  # eq. 16
        weight = network.projection.weight.squeeze(2)
        start = weight @ torch.cat([windows, static]) + network.projection.bias[:, None]
        ends = []
        for branch in network.branches.values():
            steps = start
            for layer in range(3):
                convolution, norm_layer = branch[4 * layer], branch[4 * layer + 1]
                steps = plain_norm(norm, norm_layer, plain_convolution(convolution, steps))
                steps = ACTIVATIONS[activation](steps)
            ends.append(steps)
        flat = (ends[0] + ends[1]).flatten()
        (head,) = network.towers.layers
        expected = [flat @ head.weight[k, :, 0] + head.bias[k, 0, 0] for k in range(3)]  # eq. 17
        torch.testing.assert_close(output, torch.stack(expected))


def test_gelu_is_exact():
    values = torch.linspace(-4, 4, 101, dtype=torch.float64)
    torch.testing.assert_close(functional.gelu(values), ACTIVATIONS["gelu"](values))


def test_branches_differ_in_kernel_sizes_only():
    network = tiny()
    short, long = (
        [tuple(module.weight.shape) for module in branch if hasattr(module, "kernel_size")]
        for branch in network.branches.values()
    )
    assert short == [(2, 3, 1), (3, 2, 3), (4, 3, 3)]
    assert long == [(2, 3, 3), (3, 2, 5), (4, 3, 7)]


@pytest.mark.parametrize("branch", ["short", "long"])
def test_one_branch_is_the_branch_of_both(branch):
    """With the other's half of the output layer at zero, both branches give the same."""
    both, one = tiny(dropout=0.0), tiny(branches=branch, dropout=0.0)
    one.projection.load_state_dict(both.projection.state_dict())
    one.branches[branch].load_state_dict(both.branches[branch].state_dict())
    (head,), (single) = both.towers.layers, one.towers.layers[0]
    half = slice(0, 16) if branch == "short" else slice(16, 32)
    with torch.no_grad():
        single.weight.copy_(head.weight[:, half])
        single.bias.copy_(head.bias)
        head.weight[:, slice(16, 32) if branch == "short" else slice(0, 16)] = 0
    assert one.fusion is None
    torch.testing.assert_close(one(rows(6)), both(rows(6)))


def test_static_columns_without_time_embedding_have_no_effect():
    network, x = tiny(time_embedding=False).eval(), rows(5)
    moved = x.clone()
    moved[:, -N_STATIC:] += 5
    assert torch.equal(network(moved), network(x))
    assert network.projection.weight.shape == (3, N_CHANNELS, 1)
    assert not torch.equal(tiny().eval()(moved), tiny().eval()(x))


def test_a_step_reaches_as_far_as_the_kernels():
    """Three layers of kernels 3, 5, 7 see (2 + 4 + 6) / 2 = 6 steps to either side."""
    network = MSBCNN(40, 1, seq_len=40, branches="short", channels=(4, 4, 4)).double().eval()
    x = rows(1, 40)
    moved = x.clone()
    moved[0, 20] += 1.0
    changed = (network.features(moved) != network.features(x)).view(4, 40).any(dim=0)
    assert changed.nonzero().flatten().tolist() == list(range(14, 27))


def test_every_kernel_may_be_longer_than_the_window():
    for seq_len in (1, 2):
        network = MSBCNN(seq_len, 1, seq_len=seq_len, long_kernels=(11, 13, 15))
        assert network(torch.randn(3, seq_len)).shape == (3, 1)


# Counts


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        # One branch by hand: projection 5 * 3 + 3; layers 3 * 2 * 1 + 2, 2 * 3 * 3 + 3,
        # 3 * 4 * 3 + 4; norms 2 * (2 + 3 + 4); head 2 * (4 steps * 4 channels + 1).
        ({"branches": "short"}, 18 + (8 + 21 + 40) + 18 + 34),
        # Both, side by side: long layers 3 * 2 * 3 + 2, 2 * 3 * 5 + 3, 3 * 4 * 7 + 4; head twice.
        ({}, 18 + (8 + 21 + 40) + (20 + 33 + 88) + 2 * 18 + 2 * (32 + 1)),
        # With a gate 8 -> 4 and a head of 16 values; no static columns in the projection.
        (
            {"fusion": "gating", "time_embedding": False},
            9 + (8 + 21 + 40) + (20 + 33 + 88) + 2 * 18 + 36 + 34,
        ),
    ],
)
def test_parameters_counted_by_hand(params, expected):
    network = tiny(n_targets=2, **params)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == expected


# Norms


def test_a_single_value_per_channel_trains_like_any_other_batch():
    network = tiny(n_features=2, seq_len=1, n_static=0, dropout=0.0)
    network.train()(rows(50, 2))
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    x = rows(1, 2)
    output = network.train()(x)
    assert torch.equal(output, network.eval()(x))
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())
    output.sum().backward()
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)


@pytest.mark.parametrize(("name", "dims"), [("batch", (0, 2)), ("layer", (1,)), ("instance", (2,))])
def test_axes_of_the_norms(name, dims):
    x = 5 + 3 * torch.randn(6, 4, 10, dtype=torch.float64)
    normed = NORMS[name](4).double().train()(x)
    torch.testing.assert_close(normed.mean(dims), torch.zeros_like(x.mean(dims)))
    torch.testing.assert_close(
        normed.var(dims, correction=0), torch.ones_like(x.mean(dims)), rtol=1e-4, atol=1e-4
    )


def test_only_batch_norm_lets_rows_meet_in_training():
    x = rows(6)
    for norm in NORMS:
        network = tiny(norm=norm, dropout=0.0).train()
        alone = torch.cat([network(row[None]) for row in x])
        assert torch.allclose(alone, network(x)) == (norm != "batch")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("branches", ["both", "long"])
def test_prepared_for_prediction(norm, branches):
    network, x = trained_statistics(tiny(norm=norm, branches=branches)), rows(6)
    expected = network(x)
    network.prepare_for_prediction()
    torch.testing.assert_close(network(x), expected, rtol=1e-12, atol=1e-12)
    left = {type(module) for branch in network.branches.values() for module in branch}
    assert (NORMS[norm] in left) == (norm != "batch")
    assert torch.nn.Dropout not in left


# Windows normalised one by one


def test_normalised_windows_by_hand():
    windows = rows(3, 8).view(3, 2, 4)
    channels = normalize_windows(windows)
    for row in range(3):
        for channel in range(2):
            values = windows[row, channel]
            mean, scale = values.mean(), values.std(correction=0)
            torch.testing.assert_close(channels[row, channel], (values - mean) / scale)
            assert torch.allclose(channels[row, 2 + channel], mean)
            assert torch.allclose(channels[row, 4 + channel], scale)


@pytest.mark.parametrize("shift", [0.0, -3.0, 1e3])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_shapes_do_not_change_with_level_and_scale(shift, scale):
    windows = rows(5, 12).view(5, 2, 6)
    shapes = normalize_windows(windows)[:, :2]
    moved = normalize_windows(scale * (windows + shift))
    torch.testing.assert_close(moved[:, :2], shapes)
    torch.testing.assert_close(
        moved[:, 2:4] / scale - shift, normalize_windows(windows)[:, 2:4], rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("level", [0.0, 1.0, -1e-3, 1e8, 3.3e-20])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constant_windows(level, dtype):
    windows = torch.full((2, 1, 7), level, dtype=dtype, requires_grad=True)
    channels = normalize_windows(windows)
    assert channels[:, 0].abs().max() < 0.1, "noise of rounding must not look like a signal"
    torch.testing.assert_close(channels[:, 1], windows[:, 0])
    channels.sum().backward()
    assert windows.grad.isfinite().all()


def test_window_normalization_in_the_network():
    network, x = tiny(window_normalization=True).eval(), rows(5)
    assert network.projection.weight.shape == (3, 3 * N_CHANNELS + N_STATIC, 1)
    windows = x[:, :-N_STATIC].view(5, N_CHANNELS, SEQ_LEN)
    sequences = network.sequences(x)
    torch.testing.assert_close(sequences[:, : 3 * N_CHANNELS], normalize_windows(windows))
    torch.testing.assert_close(sequences[:, -N_STATIC:, 0], x[:, -N_STATIC:])
    assert network(x).shape == (5, 3)


# As an architecture


class Windows(MSBCNN):
    """Makes a window of every column, so that any number of columns is a sequence."""

    def __init__(self, n_features, n_targets, **params):
        super().__init__(4 * n_features, n_targets, seq_len=4, **{**TINY, **params})
        self.input_channels = None  # inputs are columns, not steps

    def features(self, x):
        ramp = torch.linspace(1, 2, 4, dtype=x.dtype)
        return super().features((x[:, :, None] * ramp).flatten(1))


@pytest.mark.slow
def test_contract_of_an_architecture():
    """That of the defaults is checked with all architectures, on windows of one step."""
    check_architecture(
        Windows,
        norm="instance",
        fusion="cross_mapping",
        cross_mapping_mode="gated",
        window_normalization=True,
    )


@pytest.mark.parametrize("n_targets", [1, 3, 200])
def test_towers_in_one_product_are_the_towers(n_targets):
    network, x = tiny(n_targets).eval(), rows(5)
    torch.testing.assert_close(
        network(x), network.decode(network.encode(x)), rtol=1e-12, atol=1e-14
    )
    hidden = Towers(n_targets, 6, hidden_dim=4).double()
    features = rows(5, 6)
    expected = hidden(features.expand(n_targets, -1, -1))
    torch.testing.assert_close(hidden.of_shared(features), expected)


def test_all_but_the_output_layer_is_shared():
    network = tiny(fusion="cross_mapping", cross_mapping_mode="gated")
    slices = task_slices(network, network(rows(2)).sum(dim=0))
    for name, own in slices.items():
        expected = torch.eye(3) if name.startswith("towers.") else torch.ones(len(own), 3)
        assert torch.equal(own, expected.bool()), name


def test_members_scale_channels_not_steps():
    ensemble = ImplicitEnsemble(
        N_FEATURES, 2, network=MSBCNN, n_members=3, seq_len=SEQ_LEN, n_static=N_STATIC, **TINY
    ).eval()
    assert ensemble.input_scale.shape == (3, 1, N_CHANNELS + N_STATIC)
    x = rows(5).float()
    for m, outputs in enumerate(ensemble.members(x)):
        signs = ensemble.input_scale[m, 0]
        scaled = x.clone()
        for channel in range(N_CHANNELS):
            scaled[:, channel * SEQ_LEN : (channel + 1) * SEQ_LEN] *= signs[channel]
        scaled[:, -N_STATIC:] *= signs[N_CHANNELS:]
        features = ensemble.network.encode(scaled)
        (head,) = ensemble.towers.layers
        expected = [
            features[k] @ head.weight[2 * m + k, :, 0] + head.bias[2 * m + k, 0, 0]
            for k in range(2)
        ]
        torch.testing.assert_close(outputs, torch.stack(expected, dim=1), rtol=1e-4, atol=1e-5)


# Errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_features": 10}, r"10 columns, of which n_static=3 .* seq_len=4 steps: 7 / 4"),
        ({"n_features": 3}, r"0 / 4"),
        ({"n_features": 1}, r"-2 / 4"),
        ({"short_kernels": (3, 4, 5)}, r"`short_kernels` must be odd.* \(3, 4, 5\)"),
        ({"long_kernels": (3, 5)}, r"`long_kernels` must have three values.* \(3, 5\)"),
        ({"channels": (8, 0, 8)}, r"`channels` must have three values of at least 1.* \(8, 0, 8\)"),
        ({"norm": "group"}, r"`norm` must be one of \['batch', .* Found 'group'"),
        ({"activation": "elu"}, r"`activation` must be one of .*'tanh'.* Found 'elu'"),
        ({"fusion": "sum"}, r"`fusion` must be one of .*'gating'.* Found 'sum'"),
        ({"weighting_mode": "gated"}, r"`weighting_mode` must be one of \['add', 'concat'\]"),
        ({"cross_mapping_mode": "sum"}, r"`cross_mapping_mode` must be one of .*'gated'"),
        ({"branches": "none"}, r"`branches` must be one of .*'short'.* Found 'none'"),
        ({"norm": "instance", "seq_len": 1}, r"needs at least 2. Found seq_len=1"),
    ],
)
def test_wrong_values(params, message):
    with pytest.raises(ValueError, match=message):
        tiny(**params)
