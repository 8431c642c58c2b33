"""What a search shows on its way, and when it ends before its last trial."""

import itertools
import warnings

import optuna
import pytest
from sklearn.exceptions import FitFailedWarning

from sklearn_mtl.search._pareto.progress import StopAt, StopWhenStagnant, is_done
from sklearn_mtl.search._pareto.trial_records import ERROR, EVALUATION, KEY
from tests.search.searched import Fragile, Interrupted, X, Y, lasso, noisy, search_of


def test_optuna_speaks_as_before(capfd):
    level = optuna.logging.get_verbosity()
    with pytest.warns(FitFailedWarning):
        noisy(Fragile, n_trials=20).fit(X, Y)
    assert optuna.logging.get_verbosity() == level
    assert capfd.readouterr().err == ""


def test_progress(capfd):
    lasso(verbose=1).fit(X, Y)
    shown = capfd.readouterr().err
    assert "12/12" in shown
    assert "front=" in shown
    assert "mse=" in shown


def test_ctrl_c_ends_the_search_and_keeps_what_was_found():
    Interrupted.interrupts_at = 6
    with pytest.warns(UserWarning, match="interrupted after 5 of 20 trials"):
        search = noisy(Interrupted, n_trials=20).fit(X, Y)
    # The training that took the interrupt for its own end has no result.
    assert len(search.cv_results_["params"]) == 5
    assert search.predict(X).shape == Y.shape


def test_ctrl_c_before_the_first_result():
    Interrupted.interrupts_at = 1
    with pytest.raises(KeyboardInterrupt):
        noisy(Interrupted).fit(X, Y)


def test_timeout():
    search = noisy(n_trials=10**6, timeout=0.5).fit(X, Y)
    assert 0 < len(search.cv_results_["params"]) < 10**6


def test_callbacks_may_stop():
    seen = []

    def stop_at_five(study, trial):
        seen.append(trial.number)
        if len(seen) == 5:
            study.stop()

    search = noisy(callbacks=[stop_at_five]).fit(X, Y)
    assert seen == [0, 1, 2, 3, 4]
    assert len(search.cv_results_["params"]) == 5


def test_early_stopping():
    space = {"width": [1], "shift": (0.0, 1.0)}  # endless, and of one size
    endless = {"space": space, "objectives": ("n_parameters",)}
    search = noisy(**endless, n_trials=200, early_stopping=5).fit(X, Y)
    assert len(search.cv_results_["params"]) == 45, "eight generations of 5 after the first"
    assert len(noisy(**endless, n_trials=60).fit(X, Y).cv_results_["params"]) == 60


def test_early_stopping_that_cannot_act():
    with pytest.warns(UserWarning, match=r"after 180 trials.*n_trials=20.*early_stopping=2 for"):
        search_of(n_trials=20, early_stopping=True, refit=False).fit(X, Y)
    with pytest.warns(UserWarning, match=r"after 9 trials.*n_trials=9: pass more\.$"):
        search_of(n_trials=9, early_stopping=1, refit=False).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search_of(n_trials=10, early_stopping=1, refit=False).fit(X, Y)


@pytest.mark.parametrize("jump", [1, 2, 3])
def test_the_end_of_a_generation_may_be_jumped_over(jump):
    study = optuna.create_study(directions=["minimize"] * 2)
    trial = optuna.trial.create_trial(values=[1.0, 1.0])  # all alike
    look = StopWhenStagnant(5)
    with pytest.raises(RuntimeError, match=r"Study\.stop"):  # it stops what does not run
        while len(study.trials) < 90:
            study.add_trials([trial] * jump)  # that finish together
            look(study, trial)
    assert len(study.trials) == -(-45 // jump) * jump


def recorded(study, key, **attributes):
    failed = ERROR in attributes
    state = optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE
    study.add_trial(
        optuna.trial.create_trial(
            state=state,
            values=None if failed else [1.0],
            user_attrs={KEY: key, **attributes},
        )
    )


def test_a_study_that_knows_every_configuration_is_done():
    study = optuna.create_study()
    recorded(study, "a", **{EVALUATION: {}})
    recorded(study, "a", **{EVALUATION: {}})
    assert not is_done(study, n_trials=10, n_configurations=2)
    recorded(study, "b", **{ERROR: "broken"})
    assert is_done(study, n_trials=10, n_configurations=2)
    assert not is_done(study, n_trials=10, n_configurations=3)
    assert is_done(study, n_trials=3)


def test_stop_when_every_configuration_is_known():
    study = optuna.create_study()
    stop = StopAt(100, n_configurations=2)
    keys = itertools.cycle("ab")

    def objective(trial):
        trial.set_user_attr(KEY, next(keys))
        trial.set_user_attr(EVALUATION, {})
        return 0.0

    study.optimize(objective, n_trials=100, callbacks=[stop])
    assert len(study.trials) == 2
