"""Searches with several processes: what they share with this one, and what they tell it."""

import time
from dataclasses import dataclass
from threading import Thread

import pytest
from sklearn import config_context, get_config

from sklearn_mtl.search._pareto.interrupts import Interrupts
from sklearn_mtl.search._pareto.workers import WorkerProcesses
from tests.search.searched import Noisy, X, Y, noisy


class OfTwoArguments(Exception):
    """Pickled with one argument, its message, so that it cannot be made again."""

    def __init__(self, value, limit):
        super().__init__(f"{value} is above {limit}")


class Slow(Noisy):
    def fit(self, X, y, sample_weight=None):
        time.sleep(0.4)
        return super().fit(X, y, sample_weight)


@dataclass
class Answer:
    """In place of an `Evaluator`: configurations say what is to happen."""

    def __call__(self, config, earlier):
        if config["raises"] == "portable":
            raise ArithmeticError("width 2 breaks")
        if config["raises"] == "not portable":
            raise OfTwoArguments(5, 4)
        return get_config()


def test_a_process_is_configured_as_this_one_and_tells_its_errors():
    with Interrupts() as interrupts:
        with config_context(transform_output="pandas", enable_metadata_routing=True):
            workers = WorkerProcesses(Answer(), 1, interrupts)
            expected = get_config()
        found = []
        try:
            # Trials run in threads, of which each has a configuration of its own.
            thread = Thread(target=lambda: found.append(workers({"raises": "nothing"}, [])))
            thread.start()
            thread.join()
            assert found == [expected]
            with pytest.raises(ArithmeticError, match="width 2 breaks"):
                workers({"raises": "portable"}, [])
            with pytest.raises(RuntimeError, match="OfTwoArguments: 5 is above 4"):
                workers({"raises": "not portable"}, [])
            assert len(workers._all) == 1, "no process died"
        finally:
            workers.close()


def test_a_space_that_is_used_up_is_not_padded():
    search = noisy(Slow, {"width": [1, 2, 3, 4]}, n_trials=30, sampler="phmoea", n_jobs=2)
    search.fit(X, Y)
    trained = [config["width"] for config in search.cv_results_["params"]]
    assert set(trained) == {1, 2, 3, 4}
    # One more may have begun when the last configuration was not yet in training.
    assert len(trained) <= 5
