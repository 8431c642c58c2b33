"""The plain network of the speed benchmark is MS-BCNN, and both sides minimise the same."""

import numpy as np
import torch

from sklearn_mtl.benchmarks import _ms_bcnn_speed as speed
from sklearn_mtl.nn import MSBCNN

N_FEATURES = speed.N_CHANNELS * speed.N_STEPS + speed.N_STATIC


def rows(n_rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_FEATURES)).astype(np.float32)
    return X, rng.normal(size=(n_rows, speed.N_TARGETS)).astype(np.float32)


def with_weights_of(network):
    plain = speed.PlainMSBCNN()
    with torch.no_grad():
        for own, other in zip(plain.parameters(), network.parameters(), strict=True):
            own.copy_(other.reshape(own.shape))
    return plain


def test_the_plain_network_is_the_same():
    torch.manual_seed(0)
    ours = MSBCNN(
        N_FEATURES,
        speed.N_TARGETS,
        seq_len=speed.N_STEPS,
        n_static=speed.N_STATIC,
        dropout=speed.DROPOUT,
    )
    plain = with_weights_of(ours)
    x = torch.from_numpy(rows(9)[0])
    outputs, gradients = [], []
    for network in (ours, plain):
        torch.manual_seed(1)  # the same dropout
        output = network(x)
        output.square().sum().backward()
        outputs.append(output)
        gradients.append(network.projection.weight.grad)
    torch.testing.assert_close(*outputs)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_the_plain_loss_is_the_one_that_the_estimator_starts_with():
    X, y = rows(6)
    model = speed.fit_ours(X, y, 4, 1)
    prediction = torch.from_numpy(y)[:, [1, 2, 3, 4, 0]]
    criterion = model.net_.criterion_.eval()  # in evaluation, the start weights apply
    expected = criterion(prediction, torch.from_numpy(y)).mean()
    torch.testing.assert_close(speed.plain_loss(prediction, torch.from_numpy(y)), expected)
