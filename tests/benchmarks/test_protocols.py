"""Splits share no row, and deleted labels are those of training and validation only."""

import numpy as np
import pytest

from sklearn_mtl.benchmarks._protocols import PROTOCOLS


@pytest.fixture(params=sorted(PROTOCOLS))
def task(request, small_tables):
    return PROTOCOLS[request.param].load(0, None, None)


def test_parts_are_disjoint_and_cover_the_table(task):
    rows = np.concatenate([task.train, task.validation, task.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(task.X)))
    assert len(task.X) == len(task.y)
    assert not np.isnan(task.X).any()


def test_labels_go_missing_outside_the_test_part(task):
    reduced = task.with_missing_labels(0.6, seed=0)
    assert not np.isnan(reduced.y[task.test]).any()
    learnt = np.concatenate([task.train, task.validation])
    assert 0.4 < np.isnan(reduced.y[learnt]).mean() < 0.8
    # One target's label does not decide about the other's.
    assert np.isnan(reduced.y[learnt]).any(axis=1).mean() > np.isnan(reduced.y[learnt, 0]).mean()
    assert not np.isnan(task.y).any()


def test_deletion_depends_on_the_seed_only(task):
    first, again, other = (task.with_missing_labels(0.6, seed).y for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(np.isnan(first), np.isnan(other))


def test_seed_shuffles_the_shuffled_protocol_only(small_tables):
    for name, protocol in PROTOCOLS.items():
        same = np.array_equal(protocol.load(0, None, None).test, protocol.load(1, None, None).test)
        assert same == (name != "sru-shuffled")


def test_knots_are_the_bends_of_the_targets(small_tables):
    _, targets = small_tables
    targets.loc[:, "y1"] = np.abs(np.arange(len(targets)) - 70.0)
    task = PROTOCOLS["sru-chronological"].load(0, None, None)
    lags_dropped = len(targets) - len(task.y)
    np.testing.assert_array_equal(np.flatnonzero(task.knots[:, 0]), [70 - lags_dropped])


def test_quick_runs_keep_every_part(small_tables):
    for protocol in PROTOCOLS.values():
        task = protocol.load(0, None, 60)
        assert len(task.X) <= 60
        assert min(map(len, (task.train, task.validation, task.test))) > 0
