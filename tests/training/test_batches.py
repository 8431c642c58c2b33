"""Slices of tensors: every row once, in a new order, from torch's generator."""

import numpy as np
import pytest
import torch

from sklearn_mtl.training import TensorBatches, TensorTable
from sklearn_mtl.training._batches import ROWS_PER_GATHER


def numbered(n_rows, *, weighted=False):
    numbers = np.arange(n_rows, dtype=float)
    return TensorTable(
        numbers[:, None], np.stack([numbers, -numbers], axis=1), numbers if weighted else None
    )


def order_of(batches):
    return [int(row) for inputs, _ in batches for row in inputs[:, 0]]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("n_rows", "batch_size"), [(1, 5), (10, 5), (12, 5), (12, 100), (3 * ROWS_PER_GATHER // 2, 700)]
)
def test_every_row_comes_once_and_the_last_batch_is_short(n_rows, batch_size, shuffle):
    batches = TensorBatches(numbered(n_rows), batch_size, shuffle=shuffle)
    seen = list(batches)
    sizes = [len(inputs) for inputs, _ in seen]
    assert len(batches) == len(sizes) == -(-n_rows // batch_size)
    assert set(sizes[:-1]) <= {batch_size}
    assert sum(sizes) == n_rows
    assert sorted(order_of(seen)) == list(range(n_rows))


@pytest.mark.parametrize("shuffle", [False, True])
def test_inputs_targets_and_weights_stay_together(shuffle):
    for inputs, targets in TensorBatches(numbered(50, weighted=True), 8, shuffle=shuffle):
        rows = inputs["x"][:, 0]
        assert torch.equal(targets, torch.stack([rows, -rows], dim=1))
        assert torch.equal(inputs["sample_weight"], rows)


def test_order_without_shuffling_is_that_of_the_table():
    assert order_of(TensorBatches(numbered(23), 4)) == list(range(23))


def test_every_pass_has_a_new_order_from_the_torch_generator():
    torch.manual_seed(0)
    batches = TensorBatches(numbered(100), 16, shuffle=True)
    first, second = order_of(batches), order_of(batches)
    assert len({tuple(range(100)), tuple(first), tuple(second)}) == 3
    torch.manual_seed(0)
    assert order_of(batches) == first


def test_rows_mix_across_the_whole_table():
    torch.manual_seed(0)
    n_rows = 2 * ROWS_PER_GATHER
    order = order_of(TensorBatches(numbered(n_rows), 512, shuffle=True))
    late = np.mean(np.array(order[: n_rows // 2]) >= n_rows // 2)
    assert 0.47 < late < 0.53  # 10 standard deviations of a random half


def test_a_pass_without_shuffling_draws_nothing():
    before = torch.get_rng_state()
    order_of(TensorBatches(numbered(23), 4))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_table_copies_memory_that_is_not_its_own():
    X = np.ones((3, 2), dtype=np.float32)
    X.flags.writeable = False
    table = TensorTable(X, np.zeros((3, 1)))
    table.X[0, 0] = 7.0
    assert X[0, 0] == 1.0
    assert {t.dtype for t in table.tensors() if t is not None} == {torch.float32}
