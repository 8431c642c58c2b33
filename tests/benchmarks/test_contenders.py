"""Every contender takes missing labels and answers for every test row."""

import numpy as np
import pytest

from sklearn_mtl.benchmarks._contenders import CONTENDERS, Effort
from sklearn_mtl.benchmarks._protocols import PROTOCOLS
from sklearn_mtl.benchmarks._references import interpolated_in_time, last_laboratory_value

EFFORT = Effort(max_epochs=2, n_trees=5, max_iterations=5)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("name", sorted(CONTENDERS))
def test_contender_predicts_from_partly_labelled_rows(name, small_tables):
    if name == "CatBoost":
        pytest.importorskip("catboost")
    task = PROTOCOLS["sru-chronological"].load(0, None, None).with_missing_labels(0.5, 0)
    prediction = CONTENDERS[name](task, 0, EFFORT)
    assert prediction.shape == (len(task.test), 2)
    assert np.isfinite(prediction).all()


def test_no_contender_sees_labels_of_the_test_part(small_tables):
    task = PROTOCOLS["sru-chronological"].load(0, None, None)
    before = CONTENDERS["Ridge"](task, 0, EFFORT), CONTENDERS["MMoERegressor"](task, 0, EFFORT)
    task.y[task.test] = np.nan
    after = CONTENDERS["Ridge"](task, 0, EFFORT), CONTENDERS["MMoERegressor"](task, 0, EFFORT)
    np.testing.assert_array_equal(before, after)


def test_references(small_tables):
    task = PROTOCOLS["sru-shuffled"].load(0, None, None)
    task.y[:] = np.arange(len(task.y))[:, None]
    inside = (task.test > task.train.min()) & (task.test < task.train.max())
    interpolated = interpolated_in_time(task, 0, EFFORT)
    np.testing.assert_allclose(interpolated[inside], task.y[task.test][inside])
    late = task.test >= 10
    held = last_laboratory_value(task, 0, EFFORT)
    np.testing.assert_array_equal(held[late], task.y[task.test][late] - 10)
