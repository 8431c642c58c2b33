"""A search that goes on with a stored study, and only with its own."""

import pickle

import optuna
import pandas as pd
import pytest

from sklearn_mtl.search import ConfigurationSpace, Discrete
from tests.search.searched import WEIGHTS, Counted, Noisy, WeightedRidge, X, Y, noisy, search_of


def resumed(storage, *, fit=None, **params):
    """Go on with a study."""
    search = search_of(**{"storage": storage, "study_name": "s", "n_trials": 9, **params})
    return search.fit(X, Y, **(fit or {}))


def test_resume(tmp_path):
    storage = f"sqlite:///{tmp_path}/search.db"
    Counted.trained.clear()
    space = {"width": [1, 2, 3, 4], "shift": [0.0, 1.0]}
    params = {"space": space, "storage": storage, "study_name": "s", "refit": False}
    first = noisy(Counted, n_trials=3, **params).fit(X, Y)
    known = len(Counted.trained)
    again = noisy(Counted, n_trials=3, **params).fit(X, Y)
    assert len(Counted.trained) == known, "all three trials are done"
    pd.testing.assert_frame_equal(first.pareto_front_, again.pareto_front_)
    more = noisy(Counted, n_trials=8, **params).fit(X, Y)
    assert len(Counted.trained) == len(set(Counted.trained))
    assert first.cv_results_["params"] == more.cv_results_["params"][:3]
    assert first.cv_results_["params"] != more.cv_results_["params"][3:6], "not the same again"
    assert len(more.cv_results_["params"]) == 8
    restored = pickle.loads(pickle.dumps(more))
    assert isinstance(restored.study_._storage, optuna.storages.InMemoryStorage)
    assert len(restored.study_.trials) == 8


def test_the_same_search_goes_on_without_a_name(tmp_path):
    storage = str(tmp_path / "journal")
    first = noisy(storage=storage, n_trials=3).fit(X, Y)
    more = noisy(storage=storage, n_trials=5, refit="smallest").fit(X, Y)
    assert more.cv_results_["params"][:3] == first.cv_results_["params"]
    for other in (
        noisy(storage=storage, random_state=1),
        noisy(storage=storage, sampler="nsga2"),
        noisy(storage=storage, constraints=["mae <= 3"]),
        noisy(storage=storage, objectives=["mse"]),
        noisy(storage=storage, space={"width": [1, 2]}),
        noisy(Counted, storage=storage),
    ):
        other.set_params(n_trials=1).fit(X, Y)
        assert len(other.study_.trials) == 1
    assert len(noisy(storage=storage, n_trials=1).fit(X, Y + 1).study_.trials) == 1
    unseeded = [noisy(storage=storage, random_state=None, n_trials=n).fit(X, Y) for n in (2, 3)]
    assert len(unseeded[1].study_.trials) == 3


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url):
    with pytest.raises(ConnectionError, match="it would be in memory"):
        noisy(storage=url).fit(X, Y)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"objectives": ("mae", "n_parameters")}, "objectives"),
        ({"constraints": ["mae <= 3"]}, "constraints"),
        ({"space": {"width": [1, 2, 9]}}, "space"),
        ({"cls": Counted}, "estimator"),
        ({"cv": 3}, "data"),
    ],
)
def test_a_study_is_for_one_purpose(change, part):
    storage = optuna.storages.InMemoryStorage()
    noisy(storage=storage, study_name="s").fit(X, Y)
    with pytest.raises(ValueError, match=f"'s' of this storage was made for other .*{part}"):
        noisy(**{"storage": storage, "study_name": "s", **change}).fit(X, Y)


def test_a_study_of_other_data_or_makers():
    storage = optuna.storages.InMemoryStorage()
    noisy(storage=storage, study_name="s").fit(X, Y)
    with pytest.raises(ValueError, match="made for other data"):
        noisy(storage=storage, study_name="s").fit(X, Y + 1)
    foreign = optuna.create_study(storage=storage, study_name="t", directions=["minimize"] * 2)
    foreign.optimize(lambda trial: (1, 2), n_trials=1)
    with pytest.raises(ValueError, match="'t' of this storage was made for other"):
        noisy(storage=storage, study_name="t").fit(X, Y)


@pytest.mark.parametrize("objectives", [("mse",), ("n_parameters",)])
def test_a_study_is_for_one_set_of_weights(objectives):
    storage = optuna.storages.InMemoryStorage()
    params = {"estimator": WeightedRidge(), "objectives": objectives}
    resumed(storage, fit={"sample_weight": WEIGHTS}, n_trials=3, **params)
    for other in ({}, {"sample_weight": WEIGHTS[::-1]}):
        with pytest.raises(ValueError, match="was made for other data"):
            resumed(storage, fit=other, **params)
    same = resumed(storage, fit={"sample_weight": WEIGHTS.copy()}, **params)
    assert len(same.cv_results_["trial"]) == 9


def test_ends_of_a_range_and_limits_count_exactly():
    storage = optuna.storages.InMemoryStorage()
    first = {"space": {"alpha": (1e6, 1e6 + 4)}, "constraints": ["n_parameters <= 1000001"]}
    resumed(storage, n_trials=3, **first)
    with pytest.raises(ValueError, match="was made for other space"):
        resumed(storage, **{**first, "space": {"alpha": (1e6, 1e6 + 1)}})
    with pytest.raises(ValueError, match="was made for other constraints"):
        resumed(storage, **{**first, "constraints": ["n_parameters <= 1000002"]})
    assert len(resumed(storage, **first).cv_results_["trial"]) == 9


def test_functions_as_choices_can_be_resumed():
    def pipeline():
        """As another process makes it: the function has another address there."""

        def model(x):
            return x**3

        def plain(x):
            return x

        space = ConfigurationSpace(
            [
                Discrete("width", [model, plain]),
                Discrete("shift", [0.0, 1.0], when={"width": [model]}),
            ]
        )
        return Named(), space

    storage = optuna.storages.InMemoryStorage()
    for n_trials in (3, 6):
        estimator, space = pipeline()
        search = resumed(storage, estimator=estimator, space=space, n_trials=n_trials)
        assert len(search.cv_results_["trial"]) == n_trials


class Named(Noisy):
    """Be as wide as the name of a function is long."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.n_parameters_ = len(self.width.__name__)
        return self
