"""The search benchmark: every search learns from values, marks point the right way, it goes on."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks import _hdtlz, _hdtlz_runs
from sklearn_mtl.benchmarks._hdtlz_cases import CASES, ObservedProblem
from sklearn_mtl.benchmarks._hdtlz_runs import run_to_budgets, run_to_sets
from sklearn_mtl.benchmarks._hdtlz_searches import OURS, PAPER, SEARCHES, WITH_POPULATION
from sklearn_mtl.benchmarks._hdtlz_tables import indicator_cells, tally, verdict

RISING = pd.Series(np.arange(10.0))


def solve(case, method, n_evaluations, checkpoints=(), seed=0):
    problem = ObservedProblem(CASES[case](), checkpoints)
    SEARCHES[method](problem, 8, n_evaluations, seed)
    return problem


@pytest.mark.parametrize("method", SEARCHES)
def test_searches_keep_the_budget_and_learn_from_values(method):
    plain = solve("hdtlz2-chain", method, 24)
    assert plain.n_evaluated == len(plain.values) == len(plain.inputs) == 24
    np.testing.assert_array_equal(plain.inputs, solve("hdtlz2-chain", method, 24).inputs)
    assert not np.array_equal(plain.inputs, solve("hdtlz2-chain", method, 24, seed=1).inputs)
    other = solve("hdtlz7-chain-shifted", method, 24)
    if method.startswith("Optuna"):
        first = plain.inputs[0, :2], other.inputs[0, :2]  # both begin at random
        np.testing.assert_array_equal(*first)
    assert not np.array_equal(plain.inputs[:, :2], other.inputs[:, :2])


@pytest.mark.parametrize("method", WITH_POPULATION)
def test_populations_at_checkpoints(method):
    problem = solve("hdtlz7-tree", method, 32, checkpoints=(8, 20, 32))
    assert len(problem.populations) == 3
    for population, known in zip(problem.populations, (8, 24, 32), strict=True):
        assert len(population) == 8
        rows = (population[:, None] == problem.values[None, :known]).all(axis=2)
        assert rows.any(axis=1).all(), "a member was not evaluated by then"


def test_repeated_evaluations():
    problem = ObservedProblem(CASES["hdtlz2-chain"](), ())
    z, active = np.full((4, 10), 0.25), np.zeros((4, 8), dtype=bool)
    z[1, 5] = 0.75  # behind a switch that is off: the same configuration
    z[2, 0] = 0.5
    active[3, 3] = True
    problem.evaluate_many(z[:2], active[:2])
    problem.evaluate_many(z[2:], active[2:])
    assert problem.n_repeated == 1


def test_indicators_of_sets(monkeypatch):
    """A search that knows the front has the hypervolume of the front."""

    def front_itself(problem, population_size, n_evaluations, seed):
        z = np.full((n_evaluations, 10), 0.5)
        z[:, 0] = np.linspace(0, 1, n_evaluations)
        active = np.zeros((n_evaluations, 8), dtype=bool)
        problem.evaluate_many(z, active)
        problem.end_generation(lambda: problem.values[:population_size])

    monkeypatch.setitem(_hdtlz_runs.SEARCHES, "known", front_itself)
    row = run_to_sets("hdtlz2-chain", "known", 100, 500, 0)
    assert row["HV hypervolume"] == pytest.approx(0.42103, abs=1e-5)
    assert row["IGD spread"] == pytest.approx(0.00393, abs=1e-5)
    assert row["IGD population"] > 0.1  # the first 100 stand at one end
    assert row["IGD at 500"] == row["IGD population"]
    assert row["repeated"] == 0
    budgets = run_to_budgets("hdtlz2-chain", "known", 100, [100, 500], 0)
    assert budgets["IGD at 100"] == row["IGD population"]
    assert budgets["HV at 500"] > row["HV hypervolume"]


def test_verdicts():
    assert verdict(RISING - 100, RISING, "lower") == "+"
    assert verdict(RISING - 100, RISING, "higher") == "-"
    assert verdict(RISING + 100, RISING, "lower") == "-"
    assert verdict(RISING + 100, RISING, "higher") == "+"
    assert verdict(RISING + 0.1, RISING, "higher") == "="


def results_of(**by_label):
    parts = [
        pd.DataFrame({"case": "a", "label": label, "IGD x": values, "HV x": values})
        for label, values in by_label.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_cells():
    results = results_of(ours=[0.2] * 5, good=[0.1, 0.1, 0.1, 0.1, 0.15], bad=[1.0] * 5)
    cells = indicator_cells(results, "IGD x", "ours")
    assert cells["ours"] == "0.20000 +- 0.00000 (0.20000)"
    assert cells["good"] == "**0.11000** +- 0.02236 (0.15000) +"
    assert cells["bad"] == "1.00000 +- 0.00000 (1.00000) -"
    cells = indicator_cells(results, "HV x", "ours")
    assert cells["good"] == "0.11000 +- 0.02236 (0.10000) -"
    assert cells["bad"].startswith("**")
    assert not indicator_cells(results, "IGD x", "absent")["good"].endswith(("+", "-", "="))


def test_tally():
    first = results_of(ours=[0.2] * 5, rival=[0.1] * 5)
    second = results_of(ours=[0.2] * 5, rival=[0.3] * 5).assign(case="b")
    third = results_of(ours=[0.2] * 5, rival=[0.2] * 5).assign(case="c")
    counts = tally(
        pd.concat([first, second, first.assign(case="d"), third]), {"x": "IGD x"}, "ours"
    )
    assert counts.to_dict("records") == [{"method": "rival", "x": "2 / 1 / 1"}]


def test_hdtlz(run_benchmark, monkeypatch):
    options = ["--seeds", "2", "--cases", "hdtlz2-tree", "hdtlz7-chain-shifted"]
    options += ["--methods", OURS, PAPER, "NSGA-II", "Optuna TPE"]
    options += ["--population", "8", "--evaluations", "24", "--budgets", "12", "8"]
    options += ["--budget-populations", "4", "8"]
    out = run_benchmark(_hdtlz, *options)
    sets, budgets = pd.read_csv(out / "hdtlz.csv"), pd.read_csv(out / "hdtlz-budgets.csv")
    assert len(sets) == 2 * 2 * 3
    assert len(budgets) == 2 * 2 * (3 * 2 + 1)
    assert np.isfinite(sets.filter(regex="IGD|HV")).all(axis=None)
    assert (budgets["HV at 8"] <= budgets["HV at 12"]).all()
    assert (budgets["IGD at 8"] >= budgets["IGD at 12"]).all()
    for name in ("hdtlz.png", "hdtlz-ablations.png", "hdtlz-budgets.png"):
        assert (out / name).stat().st_size > 10_000
    report = (out / "hdtlz.md").read_text()

    monkeypatch.setattr(_hdtlz_runs, "SEARCHES", {})  # nothing is left to compute
    run_benchmark(_hdtlz, *options)
    assert (out / "hdtlz.md").read_text() == report
