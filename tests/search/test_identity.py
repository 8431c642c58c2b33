"""What makes two searches the same: data, estimators, objectives, also in another process."""

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import make_scorer, mean_pinball_loss, mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.search._pareto.identity import describe, fingerprint
from tests.search.searched import X, Y, search_of


def power(exponent):
    return lambda values: values**exponent


def nearly_zeros():
    array = np.zeros(2000)
    array[1000] = 1.0
    return array


class Settings:
    def __init__(self, value):
        self.value = value


PAIRS = {
    "number": (1, 2),
    "kind of number": (1, 1.0),
    "text": ("1", 1),
    "parameter": (Ridge(alpha=1.0), Ridge(alpha=1.0 + 1e-15)),
    "class": (Ridge(), Lasso()),
    "step": (make_pipeline(StandardScaler(), Ridge()), make_pipeline(Ridge())),
    "nested": (
        VotingRegressor([("a", Ridge())], weights=[1.0]),
        VotingRegressor([("a", Ridge(max_iter=3))], weights=[1.0]),
    ),
    "long array": (
        FunctionTransformer(kw_args={"shift": np.zeros(2000)}),
        FunctionTransformer(kw_args={"shift": nearly_zeros()}),
    ),
    "network": (MultiTaskRegressor(max_epochs=3), MultiTaskRegressor(max_epochs=4)),
    "lambda": (lambda x: x + 1, lambda x: x + 2),
    "name in a lambda": (lambda x: np.sin(x), lambda x: np.cos(x)),
    "nested lambda": (lambda x: [v + 1 for v in x], lambda x: [v + 2 for v in x]),
    "default": (lambda x, y=1: x + y, lambda x, y=2: x + y),
    "closure": (power(2), power(3)),
    "lambda in an estimator": (
        FunctionTransformer(lambda x: x + 1),
        FunctionTransformer(lambda x: x + 2),
    ),
    "partial": (partial(mean_pinball_loss, alpha=0.1), partial(mean_pinball_loss, alpha=0.9)),
    "argument of a scorer": (
        make_scorer(mean_pinball_loss, alpha=0.1),
        make_scorer(mean_pinball_loss, alpha=0.9),
    ),
    "sign of a scorer": (
        make_scorer(mean_squared_error),
        make_scorer(mean_squared_error, greater_is_better=False),
    ),
    "imported function": (mean_squared_error, mean_pinball_loss),
    "object": (Settings(1), Settings(2)),
    "array": (np.arange(3), np.arange(3.0)),
    "set": ({1, 2}, {1, 3}),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_different(pair):
    first, second = pair
    assert describe(first) == describe(first)
    assert describe(first) != describe(second)


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_pipeline(FunctionTransformer(lambda x: x + 1), Ridge(random_state=0)),
        lambda: power(2),
        lambda: make_scorer(mean_pinball_loss, alpha=0.1),
        lambda: partial(mean_pinball_loss, alpha=0.1),
        lambda: FunctionTransformer(np.log1p, kw_args={"array": nearly_zeros()}),
        lambda: Settings([1, {"a": nearly_zeros()}]),
        lambda: Settings(lambda x: x),  # not told from another lambda, but always the same
        lambda: pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]}),
        lambda: csr_array(np.eye(3)),
    ],
)
def test_the_same_made_again(make):
    assert describe(make()) == describe(make())


def test_order_counts_in_lists_only():
    assert describe({"a": 1, "b": 2}) == describe({"b": 2, "a": 1})
    assert describe({"x", "y", "z"}) == describe({"z", "y", "x"})
    assert describe([1, 2]) != describe([2, 1])


DESCRIBED_ELSEWHERE = """
from functools import partial
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.search._pareto.identity import describe
print(describe([
    make_pipeline(FunctionTransformer(lambda x: x in {"a", "b", "c"}), Ridge()),
    make_scorer(partial(mean_pinball_loss, alpha=0.1)), {"a", "b", "c"}, np.arange(5.0),
    MultiTaskRegressor(), np.random.RandomState(0),
]))
"""


def test_the_same_in_every_process():
    texts = {
        subprocess.run(
            [sys.executable, "-c", DESCRIBED_ELSEWHERE],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_names_of_columns_and_values_of_data_count():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert fingerprint(table, None, ()) == fingerprint(table.copy(), None, ())
    for other in (
        table.rename(columns={"a": "b", "b": "a"}),
        table + 1,
        table.astype("float32"),
        table.set_index([[5, 6]]),
    ):
        assert fingerprint(table, None, ()) != fingerprint(other, None, ())


def scorer(alpha):
    return make_scorer(mean_pinball_loss, alpha=alpha, greater_is_better=False)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"objectives": [scorer(0.1)]}, {"objectives": [scorer(0.9)]}),
        (
            {"objectives": [lambda model, X, y: model.score(X, y)]},
            {"objectives": [lambda model, X, y: -model.score(X, y)]},
        ),
    ],
)
def test_a_search_for_something_else_begins_anew(first, second, tmp_path):
    storage = str(tmp_path / "journal.log")
    searches = [search_of(**params, storage=storage) for params in (first, second, first)]
    for search in searches:
        search.fit(X, Y)
    one, other, again = (search.study_.study_name for search in searches)
    assert one == again != other
    named = [search.set_params(study_name="one") for search in searches]
    named[0].fit(X, Y)
    with pytest.raises(ValueError, match="was made for other objectives"):
        named[1].fit(X, Y)
