"""Test rows belong to no seed, and no two parts share a row."""

import numpy as np
import pytest

from sklearn_mtl.benchmarks._rule_tasks import RULE_TASKS


@pytest.fixture(params=sorted(RULE_TASKS))
def load(request, small_tables):
    return RULE_TASKS[request.param].load


def test_parts_are_disjoint_and_cover_the_table(load):
    task = load(0, None, 120)
    rows = np.concatenate([task.train, task.validation, task.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(task.X)))
    assert not np.isnan(task.X).any()
    assert min(map(len, (task.train, task.validation, task.test))) > 0


def test_tuning_and_reported_seeds_have_the_same_test_rows(load):
    first, tuning = load(0, None, 120), load(1000, None, 120)
    np.testing.assert_array_equal(first.test, tuning.test)
    np.testing.assert_array_equal(first.y, tuning.y)
    assert (np.diff(first.test) > 0).all()  # in time order, for the blocks of the bootstrap


def test_seed_shuffles_the_other_rows_of_shuffled_splits(small_tables):
    for name, rule_task in RULE_TASKS.items():
        first, second = (rule_task.load(seed, None, None) for seed in (0, 1))
        same = np.array_equal(np.sort(first.train), np.sort(second.train))
        assert same == name.endswith("chronological")


def test_chronological_test_rows_are_the_newest(small_tables):
    for name, rule_task in RULE_TASKS.items():
        task = rule_task.load(0, None, None)
        in_order = task.train.max() < task.validation.min() < task.test.min()
        assert in_order == name.endswith("chronological")
