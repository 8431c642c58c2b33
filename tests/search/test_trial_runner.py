"""Several processes on one study: no configuration is trained twice."""

import threading

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from sklearn_mtl.search._pareto.pareto_search import ParetoSearchCV
from sklearn_mtl.search._pareto.trial_records import ERROR, EVALUATION, KEY, TRAINING
from sklearn_mtl.search._pareto.trial_runner import find_twin
from tests.search.searched import Counted, line


@pytest.fixture
def study():
    return optuna.create_study()


def asked(study, key="k", **attributes):
    trial = study.ask()
    for name, value in {KEY: key, **attributes}.items():
        trial.set_user_attr(name, value)
    return trial


def test_nobody_else(study):
    asked(study, key="other", evaluation={})
    assert find_twin(asked(study), "k") is None


@pytest.mark.parametrize("attribute", [EVALUATION, ERROR])
def test_what_is_known_is_used(study, attribute):
    asked(study, **{attribute: {}})
    assert find_twin(asked(study), "k").number == 0


def test_the_later_trial_leaves_a_running_one_alone(study):
    asked(study)
    assert find_twin(asked(study), "k").number == 0


def test_the_earlier_trial_waits_for_the_later_to_decide(study):
    first, second = asked(study), asked(study)
    threading.Timer(0.1, lambda: second.set_user_attr(TRAINING, True)).start()
    assert find_twin(first, "k").number == 1, "the later one had not seen the earlier"


def test_the_earlier_trial_goes_on_when_the_later_has_withdrawn(study):
    first, second = asked(study), asked(study)
    threading.Timer(0.1, lambda: study.tell(second, state=TrialState.PRUNED)).start()
    assert find_twin(first, "k") is None


def test_trials_that_died_or_were_interrupted_are_tried_again(study):
    study.tell(asked(study, **{TRAINING: True}), state=TrialState.FAIL)
    assert find_twin(asked(study), "k") is None


def test_two_searches_at_once_on_one_file(tmp_path):
    """The same seed: both propose the same until they notice."""
    Counted.trained.clear()
    X, y = line()
    space = {"width": list(range(1, 9)), "shift": [0.0, 0.5, 1.0, 1.5, 2.0]}
    searches = [
        ParetoSearchCV(
            Counted(),
            space,
            sampler="random",
            n_trials=40,
            storage=JournalStorage(JournalFileBackend(str(tmp_path / "journal"))),
            study_name="shared",
            refit=False,
            random_state=0,
        )
        for _ in range(2)
    ]
    threads = [threading.Thread(target=search.fit, args=(X, y)) for search in searches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Counted.trained) == len(set(Counted.trained)) >= 8
    states = [trial.state for trial in searches[0].study_.trials]
    assert len(states) in (40, 41), "at most one more for each further process"
    assert set(states) <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert max(len(search.cv_results_["params"]) for search in searches) == len(states)
