"""PHMOEASampler: Optuna's trials are the search's only memory."""

import copy
import math
import pickle
import warnings

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from sklearn_mtl.search import MODES, PHMOEA, ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._studies.persistent_storage import journal_storage
from sklearn_mtl.search._studies.sampler import PHMOEASampler
from sklearn_mtl.search.problems import HDTLZ2

PROBLEM = HDTLZ2(n=6)
SPACE = PROBLEM.space
GRID = ConfigurationSpace(
    [
        Discrete("kind", ["flat", "deep"]),
        Discrete("depth", [1, 2, 3], when={"kind": ["deep"]}),
        Discrete("size", [False, 0.5, (1, 2)]),
    ]
)  # 3 flat and 9 deep configurations
GRID_SIZE = 12


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


def evaluate(trial):
    return PROBLEM.evaluate(SPACE.suggest(trial))


def make_sampler(space=SPACE, seed=0, **settings):
    return PHMOEASampler(space, population_size=8, n_generations=6, seed=seed, **settings)


def make_study(sampler, storage=None, n_objectives=2):
    return optuna.create_study(
        directions=["minimize"] * n_objectives,
        sampler=sampler,
        storage=storage,
        study_name="search",
        load_if_exists=True,
    )


def configs_of(study, space=SPACE):
    return [space.from_trial(trial) for trial in study.trials]


def keys_of(study, space=SPACE):
    return [space.key(config) for config in configs_of(study, space)]


@pytest.mark.parametrize("mode", ["default", "paper"])
@pytest.mark.parametrize("seed", [0, 1])
def test_same_sequence_as_ask_and_tell(mode, seed):
    study = make_study(make_sampler(seed=seed, mode=mode))
    study.optimize(evaluate, n_trials=50)
    search = PHMOEA(SPACE, population_size=8, n_generations=6, mode=mode, seed=seed)
    for asked_by_optuna in configs_of(study):
        (config,) = search.ask(1)
        assert config == asked_by_optuna
        search.tell([config], [PROBLEM.evaluate(config)])


@pytest.mark.parametrize("mode", ["default", "paper"])
@pytest.mark.parametrize(
    ("stop", "kind"), [(1, "memory"), (16, "memory"), (37, "memory"), (25, "journal")]
)
def test_stopped_study_goes_on_as_if_it_had_not_been(mode, stop, kind, tmp_path):
    def open_study():
        return make_study(
            make_sampler(mode=mode),
            storage if kind == "memory" else journal_storage(tmp_path / "journal"),
        )

    storage = optuna.storages.InMemoryStorage()
    whole = make_study(make_sampler(mode=mode))
    whole.optimize(evaluate, n_trials=45)
    open_study().optimize(evaluate, n_trials=stop)
    study = open_study()
    study.optimize(evaluate, n_trials=45 - stop)
    assert configs_of(study) == configs_of(whole)


@pytest.mark.parametrize("make_copy", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copy_in_the_middle_of_a_search(make_copy):
    study = make_study(make_sampler())
    study.optimize(evaluate, n_trials=20)
    number = len(study.trials)
    copied = make_copy(study.sampler)
    study.optimize(evaluate, n_trials=1)
    again = make_study(copied)
    for trial in study.trials[:number]:
        again.add_trial(trial)
    parents = study._storage.get_study_system_attrs(study._study_id)
    for name, ids in parents.items():
        again._storage.set_study_system_attr(again._study_id, name, ids)
    again.optimize(evaluate, n_trials=1)
    assert configs_of(again)[-1] == configs_of(study)[-1]


def test_maximised_objectives_change_their_sign():
    study = make_study(make_sampler())
    study.optimize(evaluate, n_trials=30)
    other = optuna.create_study(directions=["maximize", "minimize"], sampler=make_sampler())

    def turned(trial):
        first, second = evaluate(trial)
        return -first, second

    other.optimize(turned, n_trials=30)
    assert configs_of(other) == configs_of(study)


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_number_of_objectives(n_objectives):
    def evaluate_some(trial):
        first, second = evaluate(trial)
        return [first, second, abs(first - second)][:n_objectives]

    study = make_study(make_sampler(), n_objectives=n_objectives)
    study.optimize(evaluate_some, n_trials=60)
    assert len(set(keys_of(study))) == 60
    random, late = np.array([trial.values[0] for trial in study.trials]).reshape(2, 30)
    assert n_objectives > 1 or late.mean() < random.mean() - 0.1


def test_too_many_objectives():
    study = make_study(make_sampler(), n_objectives=4)
    with pytest.raises(ValueError, match=r"4 objectives.*1 to 3"):
        study.optimize(lambda trial: [*evaluate(trial), 0.0, 0.0], n_trials=1)


@pytest.mark.parametrize(
    ("setting", "value"), [("population_size", 0), ("n_generations", 0), ("mode", "fast")]
)
def test_wrong_setting_is_refused_at_once(setting, value):
    with pytest.raises(ValueError, match=setting):
        PHMOEASampler(SPACE, **{setting: value})


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_proposed_twice_and_failed_or_pruned_trials_neither(seed):
    def objective(trial):
        config = GRID.suggest(trial)
        if trial.number % 3 == 1:
            raise ArithmeticError
        if trial.number % 3 == 2:
            raise optuna.TrialPruned
        return len(config), float(config["size"] is False)

    study = make_study(PHMOEASampler(GRID, population_size=3, seed=seed))
    study.optimize(objective, n_trials=GRID_SIZE, catch=ArithmeticError)
    assert len(set(keys_of(study, GRID))) == GRID_SIZE
    # All are known now: there is nothing left but to repeat.
    study.optimize(objective, n_trials=3, catch=ArithmeticError)
    assert len(set(keys_of(study, GRID))) == GRID_SIZE


def test_nothing_is_proposed_that_is_running_or_waiting():
    study = make_study(PHMOEASampler(GRID, population_size=3, seed=0))
    begun, queued = ({"kind": "flat", "size": size} for size in (False, 0.5))
    study.enqueue_trial(GRID.to_trial(begun))
    of_the_queue = study.ask()
    others = [study.ask() for _ in range(GRID_SIZE - 2)]
    study.enqueue_trial(GRID.to_trial(queued))
    keys = {GRID.key(GRID.suggest(trial)) for trial in others}
    assert len(keys | {GRID.key(begun), GRID.key(queued)}) == GRID_SIZE
    assert GRID.suggest(of_the_queue) == begun
    assert GRID.suggest(study.ask()) == queued


@pytest.mark.parametrize("suggested", [False, True])
def test_proposal_is_known_to_others_before_its_parameters(suggested):
    """Another process must not need the parameters, which are stored one by one."""
    storage = optuna.storages.InMemoryStorage()
    keys = set()
    for _ in range(GRID_SIZE):
        study = make_study(PHMOEASampler(GRID, population_size=3, seed=0), storage)
        trial = study.ask()
        params = trial.relative_params
        if suggested:
            GRID.suggest(trial)
        known = {name: GRID[name].from_storage(value) for name, value in params.items()}
        keys.add(GRID.key(known))
    assert len(keys) == GRID_SIZE


def test_threads_never_meet_at_a_configuration():
    def objective(trial):
        config = GRID.suggest(trial)
        return len(config), float(config["size"] is False)

    study = make_study(PHMOEASampler(GRID, population_size=3, seed=0))
    study.optimize(objective, n_trials=GRID_SIZE, n_jobs=4)
    assert len(set(keys_of(study, GRID))) == GRID_SIZE


def parents_of(study, generation):
    return {trial.number for trial in study.sampler.get_parent_population(study, generation)}


def test_trial_that_takes_long_counts_when_it_is_completed():
    study = make_study(PHMOEASampler(SPACE, population_size=4, seed=0))
    slow = study.ask()
    SPACE.suggest(slow)
    study.optimize(lambda trial: (1 + evaluate(trial)[0], 1.0), n_trials=5)
    assert slow.number not in parents_of(study, 1)
    study.tell(slow, [0.0, 0.0])  # dominates all others
    study.optimize(lambda trial: (1 + evaluate(trial)[0], 1.0), n_trials=5)
    assert slow.number in parents_of(study, 2)


def test_generations_have_their_size_with_several_workers():
    study = make_study(PHMOEASampler(SPACE, population_size=5, seed=0))
    running = []
    for _ in range(40):
        trial = study.ask()
        running.append((trial, evaluate(trial)))
        if len(running) == 4:
            study.tell(*running.pop(0))
    sizes = [len(study.sampler.get_population(study, generation)) for generation in range(7)]
    assert sizes == [5] * 7


def test_parents_that_another_process_selected_count():
    """Two processes may select at once; what is stored last is what everyone goes on with."""
    storage = optuna.storages.InMemoryStorage()
    study = make_study(make_sampler(mode="paper"), storage)
    study.optimize(evaluate, n_trials=19)
    key = "PHMOEASampler:parent:2"
    ids = storage.get_study_system_attrs(study._study_id)[key]
    storage.set_study_system_attr(study._study_id, key, ids[:3])
    study.optimize(evaluate, n_trials=2)
    other = make_study(make_sampler(mode="paper"), storage)
    number = len(other.trials)
    expected = SPACE.suggest(other.ask())
    other._storage.set_trial_state_values(number, TrialState.FAIL)
    engine = study.sampler._replica.engine
    assert len(engine.population()[0]) == 3
    assert SPACE.key(expected) == SPACE.key(engine.propose(number))


def constrained(values, violations):
    """Objective that gives each trial its values and its violation, by its number."""

    def objective(trial):
        SPACE.suggest(trial)
        trial.set_constraint("size", violations[trial.number])
        return values[trial.number]

    return objective


def test_feasible_trials_rank_before_all_others():
    values = [(9.0, 5.0), (0.0, 0.0), (8.0, 6.0), (1.0, 1.0), (7.0, 9.0), (0.5, 0.5), (9.0, 9.0)]
    values += [(2.0, 2.0)]
    violations = [0.0, 3.0, -1.0, 2.0, 0.0, math.inf, 0.0, 1.0]
    study = make_study(PHMOEASampler(SPACE, population_size=4, seed=0))
    study.optimize(constrained(values, violations), n_trials=8)
    study.optimize(evaluate, n_trials=1)
    assert parents_of(study, 2) == {0, 2, 4, 6}


def test_infeasible_trials_rank_by_their_violation():
    violations = [4.0, 3.0, 2.0, 1.0, 0.5, 10.0, 0.5, 10.0]
    values = [(-violation, -violation) for violation in violations]
    study = make_study(PHMOEASampler(SPACE, population_size=4, seed=0))
    study.optimize(constrained(values, violations), n_trials=8)
    study.optimize(evaluate, n_trials=1)
    assert parents_of(study, 2) == {2, 3, 4, 6}


@pytest.mark.parametrize("mode", list(MODES))
def test_constrained_search_goes_on_when_it_is_stopped(mode):
    def objective(trial):
        config = SPACE.suggest(trial)
        trial.set_constraint("switches", 2 - sum(v is True for v in config.values()))
        first, second = PROBLEM.evaluate(config)
        return first + 0.3 * trial.number, second  # the range of feasible values grows

    whole = make_study(make_sampler(mode=mode))
    whole.optimize(objective, n_trials=70)
    storage = optuna.storages.InMemoryStorage()
    for n_trials in (21, *[7] * 7):
        study = make_study(make_sampler(mode=mode), storage)
        study.optimize(objective, n_trials=n_trials)
    assert configs_of(study) == configs_of(whole)
    parents = study.sampler.get_parent_population(study, 6)
    assert all(parent.constraints["switches"] <= 0 for parent in parents)


def test_infinite_objectives_are_no_parents():
    def objective(trial):
        first, second = evaluate(trial)
        return (first, math.inf) if trial.number < 8 or trial.number % 2 else (first, second)

    study = make_study(PHMOEASampler(SPACE, population_size=4, seed=0))
    study.optimize(objective, n_trials=30)
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)
    assert parents_of(study, 1) == parents_of(study, 2) == set()
    for generation in range(3, 7):
        parents = parents_of(study, generation)
        assert parents and all(n >= 8 and n % 2 == 0 for n in parents)


def test_trials_in_the_queue():
    study = make_study(make_sampler())
    best = {name: 0.5 for name in SPACE.names if name.startswith("z")}
    best.update({name: False for name in SPACE.names if name.startswith("s")})
    study.enqueue_trial(SPACE.to_trial(best))
    study.enqueue_trial({"z1": 0.25})
    study.optimize(evaluate, n_trials=9)
    whole, part = configs_of(study)[:2]
    assert whole == SPACE.check(best)
    assert part["z1"] == 0.25
    assert 0 in parents_of(study, 1)


def test_parameters_that_the_space_does_not_know_are_drawn():
    def objective(trial):
        return evaluate(trial)[0], trial.suggest_float("other", 0, 1)

    study = make_study(make_sampler())
    study.optimize(objective, n_trials=20)
    drawn = [trial.params["other"] for trial in study.trials]
    assert len(set(drawn)) == 20 and 0 <= min(drawn) <= max(drawn) <= 1
    again = make_study(make_sampler())
    again.optimize(objective, n_trials=20)
    assert [trial.params for trial in again.trials] == [trial.params for trial in study.trials]


def test_objective_without_the_space_is_warned_of():
    study = make_study(make_sampler())
    with pytest.warns(UserWarning, match=r"Trial 0 is passed over.*space\.suggest"):
        study.optimize(lambda trial: [trial.suggest_float("z1", 0, 1)] * 2, n_trials=2)


def test_partially_fixed():
    study = make_study(make_sampler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = optuna.samplers.PartialFixedSampler({"z1": 0.5}, study.sampler)
    study.optimize(evaluate, n_trials=20)
    assert {config["z1"] for config in configs_of(study)} == {0.5}


def test_another_study_with_the_same_sampler():
    sampler = make_sampler()
    first, second = make_study(sampler), make_study(sampler)
    for study in (first, second):
        study.optimize(evaluate, n_trials=20)
    assert configs_of(first) == configs_of(second)


def test_without_a_seed_searches_differ():
    studies = [make_study(PHMOEASampler(SPACE)) for _ in range(2)]
    for study in studies:
        study.optimize(evaluate, n_trials=1)
    assert configs_of(studies[0]) != configs_of(studies[1])


def test_continuous_space_of_one_variable():
    space = ConfigurationSpace([Continuous("x", 0.0, 1.0)])
    study = make_study(PHMOEASampler(space, population_size=5, seed=0))
    study.optimize(lambda trial: [(x := space.suggest(trial)["x"]), (1 - x) ** 2], n_trials=30)
    assert len(set(keys_of(study, space))) == 30
