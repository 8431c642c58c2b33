"""Tuning takes the best validation score and never looks at the test part."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks import _por
from sklearn_mtl.benchmarks._contenders import Effort
from sklearn_mtl.benchmarks._rule_runs import OMOE, evaluate, fit_rule, validation_score
from sklearn_mtl.benchmarks._rule_tasks import RULE_TASKS
from sklearn_mtl.benchmarks._tuning import Cell, chosen_candidates
from sklearn_mtl.benchmarks._weighting_rules import PUBLISHED, Candidate

CANDIDATE = Candidate(4e-3)


def test_the_best_candidate_of_every_cell_is_chosen():
    tuning = pd.DataFrame(
        [
            ("a", "OMoE", "equal", "lr 1", 0.1),
            ("a", "OMoE", "equal", "lr 2", 0.3),
            ("a", "OMoE", "POR-published", "lr 1", 0.3),
            ("a", "OMoE", "POR-published", "lr 2", 0.3),
            ("b", "OMoE", "equal", "lr 1", -1.0),
            ("b", "OMoE", "equal", "lr 2", -2.0),
        ],
        columns=[*Cell._fields, "candidate", "validation R2"],
    )
    assert chosen_candidates(tuning) == {
        ("a", "OMoE", "equal"): "lr 2",
        ("a", "OMoE", "POR-published"): "lr 1",
        ("b", "OMoE", "equal"): "lr 1",
    }


@pytest.fixture(params=["sintering-shuffled", "sintering-chronological"])
def task(request):
    return RULE_TASKS[request.param].load(1000, None, 100)


def test_the_score_for_tuning_is_free_of_test_rows(task):
    def score(task):
        model = fit_rule(task, OMOE, PUBLISHED, CANDIDATE, 1000, Effort(2))
        return validation_score(task, model)

    X, y = task.X.copy(), task.y.copy()
    X[task.test] += 5
    y[task.test] = np.nan
    assert score(replace(task, X=X, y=y)) == score(task)


def test_chosen_settings_do_not_depend_on_test_labels(run_benchmark, monkeypatch):
    """Through the whole benchmark, as it tunes."""
    pytest.importorskip("matplotlib")
    name = "sintering-shuffled"
    options = ("--seeds", "1", "--max-rows", "100", "--max-epochs", "2", "--rules", PUBLISHED)
    options += ("--protocols", name)
    load = RULE_TASKS[name].load

    def load_otherwise(seed, data_home, max_rows):
        task = load(seed, data_home, max_rows)
        y = task.y.copy()
        y[task.test] = -3 * y[task.test] + 1
        return replace(task, y=y)

    found = []
    for loader in (load, load_otherwise):
        monkeypatch.setitem(_por.RULE_TASKS, name, replace(RULE_TASKS[name], load=loader))
        out = run_benchmark(_por, *options)
        tuning, results = pd.read_csv(out / "por-tuning.csv"), pd.read_csv(out / "por.csv")
        found.append((tuning, results[["rule", "candidate"]], results["R2 mean"]))
        for file in ("por-tuning.csv", "por.csv"):
            (out / file).unlink()
    (tuning, chosen, scores), (tuning_2, chosen_2, scores_2) = found
    pd.testing.assert_frame_equal(tuning, tuning_2)
    pd.testing.assert_frame_equal(chosen, chosen_2)
    assert not np.allclose(scores, scores_2)


def test_rules_of_a_seed_are_compared_on_the_same_rows(run_benchmark, monkeypatch):
    pytest.importorskip("matplotlib")
    seen = {}

    def fit_and_note(task, network, rule, candidate, seed, effort):
        seen.setdefault(seed, []).append((rule, task.train.tobytes(), task.test.tobytes()))
        return fit_rule(task, network, rule, candidate, seed, effort)

    monkeypatch.setattr(_por, "fit_rule", fit_and_note)
    options = ("--seeds", "2", "--max-rows", "60", "--max-epochs", "1", "--rules", PUBLISHED)
    run_benchmark(_por, *options, "--protocols", "sintering-shuffled")
    assert sorted(seen) == [0, 1, 1000]
    for runs in seen.values():
        assert len({rule for rule, *_ in runs}) == 2
        assert len({train for _, train, _ in runs}) == 1
    assert len({test for runs in seen.values() for *_, test in runs}) == 1


def test_recorded_validation_r2_is_that_of_the_kept_network(task):
    """The best epoch's weights are restored, so that the record must hold their score."""
    model = fit_rule(task, OMOE, PUBLISHED, CANDIDATE, 0, Effort(4))
    history = evaluate(task, model).history
    r2 = history[[f"valid_R2_{name}" for name in task.target_names]]
    best = model.history_["valid_loss"].idxmin()
    np.testing.assert_allclose(r2.loc[best].mean(), validation_score(task, model), atol=1e-5)
