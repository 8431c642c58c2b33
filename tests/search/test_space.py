"""Spaces of configurations: conditions, canonical form, Optuna's terms, and spaces from spaces."""

import pickle
import re
from collections import Counter
from itertools import product

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sklearn.linear_model import Ridge

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from tests.search.random_spaces import SEEDS, draw_all, random_space

optuna.logging.set_verbosity(optuna.logging.WARNING)


def counts(space, name, values):
    """The rule of appendix A.1, to the letter: parents are active and take a value named."""
    return all(
        counts(space, parent, values)
        and any(
            type(values[parent]) is type(value) and values[parent] == value for value in allowed
        )
        for parent, allowed in (space[name].when or {}).items()
    )


@pytest.fixture
def chain():
    """A parent, its child, the child of that, and one that hangs on both parents."""
    return ConfigurationSpace(
        [
            Discrete("system", ["net", "trees"]),
            Discrete("loss", ["mse", "pair"], {"system": ["net"]}),
            Discrete("pair", [("mae", "mse"), ("mae", "huber")], {"loss": ["pair"]}),
            Continuous("rate", 1e-3, 1.0, log=True, when={"system": ["net"], "loss": ["pair"]}),
            Discrete("depth", [1, 2, 4], {"system": ["trees"]}),
        ]
    )


class TestConditions:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_active_is_the_rule_of_the_paper(self, seed):
        space, rng = random_space(seed), np.random.default_rng(seed)
        for _ in range(20):
            values = draw_all(space, rng)
            expected = [name for name in space.names if counts(space, name, values)]
            assert space.active(values) == expected
            assert space.active(space.check(values)) == expected

    def test_a_chain_of_parents(self, chain):
        assert chain.active({"system": "net", "loss": "pair"}) == ["system", "loss", "pair", "rate"]
        assert chain.active({"system": "net", "loss": "mse"}) == ["system", "loss"]
        assert chain.active({"system": "trees", "loss": "pair"}) == ["system", "depth"]
        assert chain.active({}) == ["system"]

    def test_a_parent_stands_first(self):
        child = Discrete("pool", ["avg"], {"operator": ["pool"]})
        with pytest.raises(ValueError, match=r"'pool' names 'operator', .*so far: none"):
            ConfigurationSpace([child, Discrete("operator", ["pool"])])

    def test_a_parent_is_discrete(self):
        child = Discrete("pool", ["avg"], {"rate": [0.5]})
        with pytest.raises(ValueError, match="'pool' names 'rate', which must be a Discrete"):
            ConfigurationSpace([Continuous("rate", 0, 1), child])

    @pytest.mark.parametrize("values", ["pool", [], None, 3])
    def test_a_condition_lists_values(self, values):
        child = Discrete("pool", ["avg"], {"operator": values})
        with pytest.raises(ValueError, match=r"must give 'operator' a list of values. Got "):
            ConfigurationSpace([Discrete("operator", ["pool"]), child])

    def test_a_condition_can_be_met(self):
        child = Discrete("pool", ["avg"], {"operator": ["pol"]})
        message = "condition of 'pool' cannot be met: operator='pol' is none of .* 'linear', 'pool'"
        with pytest.raises(ValueError, match=message):
            ConfigurationSpace([Discrete("operator", ["linear", "pool"]), child])

    @pytest.mark.parametrize(
        ("variables", "message"),
        [
            ({"alpha": [1, 2]}, "Got a dict, {'alpha': [1, 2]}, as ParetoSearchCV takes it for"),
            (Discrete("x", [1]), "Got Discrete(name='x', choices=(1,), when=None)."),
            ([Discrete("x", [1]), "alpha"], "Got 'alpha' among them."),
            (None, "Got None."),
        ],
    )
    def test_a_space_is_a_list_of_variables(self, variables, message):
        message = (
            re.escape("`variables` must be a list of Discrete and Cont") + ".*" + re.escape(message)
        )
        with pytest.raises(ValueError, match=message):
            ConfigurationSpace(variables)

    @pytest.mark.parametrize("make", [lambda n: Discrete(n, [1]), lambda n: Continuous(n, 0, 1)])
    def test_a_name_is_a_text(self, make):
        with pytest.raises(ValueError, match=r"name of a parameter must be a text, .* Got 1"):
            make(1)

    def test_a_name_stands_once(self):
        with pytest.raises(ValueError, match="'x' is declared twice"):
            ConfigurationSpace([Discrete("x", [1]), Continuous("x", 0, 1)])
        with pytest.raises(ValueError, match="'x' is declared, but also fixed: 3"):
            ConfigurationSpace([Discrete("x", [1])], fixed={"x": 3})


class TestCanonicalForm:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_what_does_not_count_does_not_matter(self, seed):
        space, rng = random_space(seed), np.random.default_rng(seed)
        for _ in range(20):
            values, others = draw_all(space, rng), draw_all(space, rng)
            config = space.check(values)
            assert list(config) == space.active(values)
            assert space.check(config) == config
            shuffled = {**others, **dict(reversed(config.items()))}
            assert space.check(shuffled) == config
            assert space.key(shuffled) == space.key(values)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_keys_are_equal_where_the_forms_are(self, seed):
        space, rng = random_space(seed), np.random.default_rng(seed)
        configs = [space.sample(rng) for _ in range(60)]
        forms = {repr(config) for config in configs}  # tells 1 from True
        assert len({space.key(config) for config in configs}) == len(forms)

    def test_numbers_of_different_types(self):
        space = ConfigurationSpace([Discrete("a", [1, True]), Continuous("b", -1, 2)])
        assert space.key({"a": 1.0, "b": 1}) == space.key({"a": np.int64(1), "b": 1.0})
        assert space.key({"a": 1, "b": 0.0}) == space.key({"a": 1, "b": -0.0})
        assert space.key({"a": 1, "b": 0.0}) != space.key({"a": True, "b": 0.0})

    def test_lists_are_tuples(self, chain):
        config = {"system": "net", "loss": "pair", "pair": ("mae", "huber"), "rate": 0.1}
        assert chain.key(config) == chain.key({**config, "pair": ["mae", "huber"]})

    def test_what_is_missing_or_unknown_is_named(self, chain):
        with pytest.raises(ValueError, match="lacks a value for pair, rate"):
            chain.check({"system": "net", "loss": "pair"})
        with pytest.raises(ValueError, match=r"Not in the space: deep, loos. Its .*: system,"):
            chain.check({"system": "net", "loos": "pair", "deep": 3})
        with pytest.raises(ValueError, match="depth=3 is none of its choices: 1, 2, 4"):
            chain.check({"system": "trees", "depth": 3})
        with pytest.raises(ValueError, match=r"rate=2.0 is outside of \[0.001, 1.0\]"):
            chain.check({"system": "net", "loss": "pair", "pair": ("mae", "mse"), "rate": 2.0})

    def test_every_active_value_is_drawn_alike(self, chain):
        rng = np.random.default_rng(0)
        drawn = [chain.sample(rng) for _ in range(3000)]
        losses = Counter(config["loss"] for config in drawn if "loss" in config)
        depths = Counter(config["depth"] for config in drawn if "depth" in config)
        assert sum(losses.values()) + sum(depths.values()) == 3000
        for counter, n_values in ((losses, 2), (depths, 3)):
            expected = 1500 / n_values
            assert len(counter) == n_values
            assert all(abs(n - expected) < 5 * np.sqrt(expected) for n in counter.values())

    def test_the_seed_fixes_the_draws(self, chain):
        first, second = (np.random.default_rng(7) for _ in range(2))
        assert [chain.sample(first) for _ in range(5)] == [chain.sample(second) for _ in range(5)]


class TestOptuna:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_study_asks_for_what_counts(self, seed):
        space = random_space(seed)
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        for _ in range(10):
            trial = study.ask()
            config = space.suggest(trial)
            study.tell(trial, 0.0)
            stored = study.trials[-1]
            assert space.from_trial(stored) == config == space.check(config)
            assert stored.params == space.to_trial(config)
            known = space.distributions()
            assert stored.distributions == {name: known[name] for name in config}

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_fixed_trial(self, seed):
        space, rng = random_space(seed), np.random.default_rng(seed)
        for _ in range(5):
            config = space.sample(rng)
            suggested = space.suggest(optuna.trial.FixedTrial(space.to_trial(config)))
            assert repr(suggested) == repr(config)

    def test_what_is_enqueued_comes_back_from_a_file(self, tmp_path):
        file = str(tmp_path / "journal")
        spaces = [random_space(seed) for seed in range(3)]
        rng = np.random.default_rng(0)
        for number, space in enumerate(spaces):
            configs = [space.sample(rng) for _ in range(4)]
            storage = JournalStorage(JournalFileBackend(file))
            study = optuna.create_study(storage=storage, study_name=str(number))
            for config in configs:
                study.enqueue_trial(space.to_trial(config))
            for config in configs:
                trial = study.ask()
                assert repr(space.suggest(trial)) == repr(config)
                study.tell(trial, 0.0)
            reopened = JournalStorage(JournalFileBackend(file))
            stored = optuna.load_study(storage=reopened, study_name=str(number)).trials
            assert [repr(space.from_trial(trial)) for trial in stored] == list(map(repr, configs))

    def test_tuples_are_stored_as_text(self, chain):
        config = {"system": "net", "loss": "pair", "pair": ("mae", "mse"), "rate": 0.1}
        assert chain.to_trial(config)["pair"] == "('mae', 'mse')"

    def test_a_trial_that_failed_early(self, chain):
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState.FAIL,
            params={"system": "net"},
            distributions={"system": chain.distributions()["system"]},
        )
        with pytest.raises(ValueError, match="lacks a value for loss"):
            chain.from_trial(trial)

    def test_parameters_of_others_are_passed_over(self, chain):
        params = {"system": "trees", "depth": 2, "other": 1.0}
        distributions = {
            **{name: chain.distributions()[name] for name in ("system", "depth")},
            "other": optuna.distributions.FloatDistribution(0, 2),
        }
        trial = optuna.trial.create_trial(params=params, distributions=distributions, value=0.0)
        assert chain.from_trial(trial) == {"system": "trees", "depth": 2}


class TestSpacesFromSpaces:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_fixing_keeps_what_counts(self, seed):
        """Draws agree with those of the whole space in which the same values are fixed."""
        space, rng = random_space(seed), np.random.default_rng(seed)
        for n_fixed in (1, 2, 4):
            names = rng.choice(space.names, n_fixed, replace=False)
            values = {str(name): space[name].sample(rng) for name in names}
            reduced = space.with_fixed(**values)
            assert reduced.fixed == values
            assert not set(reduced.names) & set(values)
            for _ in range(20):
                drawn = draw_all(space, rng) | values
                expected = {n: v for n, v in space.check(drawn).items() if n not in values}
                assert set(expected) <= set(reduced.names)
                found = reduced.check({name: drawn[name] for name in reduced.names})
                assert repr(found) == repr(expected)

    def test_a_fixed_parent_hands_on_its_condition(self, chain):
        space = chain.with_fixed(loss="pair")
        assert space["pair"].when == {"system": ["net"]}
        assert space["rate"].when == {"system": ["net"]}
        assert space.active({"system": "trees"}) == ["system", "depth"]

    def test_children_that_cannot_count_leave(self, chain):
        assert chain.with_fixed(system="trees").names == ["depth"]
        assert chain.with_fixed(loss="mse").names == ["system", "depth"]

    def test_other_arguments_are_fixed_too(self, chain):
        space = chain.with_fixed(max_epochs=3).with_fixed(max_epochs=5, seed=0)
        assert space.fixed == {"max_epochs": 5, "seed": 0}
        assert space.variables == chain.variables

    def test_a_fixed_value_is_a_possible_one(self, chain):
        with pytest.raises(ValueError, match="depth=3 is none of its choices: 1, 2, 4"):
            chain.with_fixed(depth=3)

    def test_more_variables(self, chain):
        space = chain.with_fixed(seed=1).extended(
            Discrete("depth", [8, 16], {"system": ["trees"]}), Continuous("share", 0, 1)
        )
        assert space.names == [*chain.names, "share"]
        assert space["depth"].choices == (8, 16)
        assert space.fixed == {"seed": 1}
        assert chain["depth"].choices == (1, 2, 4)

    def test_children_must_fit_a_new_parent(self, chain):
        with pytest.raises(ValueError, match="'depth' cannot be met: system='trees'"):
            chain.extended(Discrete("system", ["net"]))


class TestWholeSpace:
    @pytest.mark.parametrize("seed", range(5))
    def test_copies_are_equal_and_draw_alike(self, seed):
        space = random_space(seed)
        rng = np.random.default_rng(0)
        space.to_trial(space.sample(rng))  # what is kept between calls is no part of it
        copy = pickle.loads(pickle.dumps(space))
        assert copy == space == random_space(seed)
        assert copy != space.with_fixed(seed=0)
        assert copy != space.extended(Continuous("more", 0, 1))
        assert copy.sample(np.random.default_rng(1)) == space.sample(np.random.default_rng(1))

    def test_table(self, chain):
        table = chain.table()
        assert table.columns.tolist() == ["kind", "values", "active when"]
        assert table.index.tolist() == chain.names
        assert table.loc["system"].tolist() == ["discrete", "net, trees", "always"]
        assert table.loc["rate"].tolist() == [
            "log",
            "from 0.001 to 1 in log",
            "system=net and loss=pair",
        ]
        assert table.loc["pair", "values"] == "('mae', 'mse'), ('mae', 'huber')"

    def test_repr(self, chain):
        assert repr(chain) == "<ConfigurationSpace of 5 parameters>"
        assert "sklearn.linear_model.Ridge" in repr(
            ConfigurationSpace([], "sklearn.linear_model.Ridge")
        )

    def test_any_function_of_a_module_makes_the_estimator(self):
        space = ConfigurationSpace(
            [Continuous("alpha", 1e-3, 1e3, log=True), Discrete("solver", ["svd", "lsqr"])],
            pipeline="sklearn.linear_model.Ridge",
            fixed={"fit_intercept": False},
        )
        ridge = space.build({"alpha": 2, "solver": "lsqr"})
        assert isinstance(ridge, Ridge)
        assert (ridge.alpha, ridge.solver, ridge.fit_intercept) == (2.0, "lsqr", False)
        with pytest.raises(ValueError, match=r"alpha=0 is outside of \[0.001, 1000.0\]"):
            space.build({"alpha": 0, "solver": "lsqr"})

    def test_without_a_pipeline(self, chain):
        with pytest.raises(ValueError, match="names no `pipeline`"):
            chain.build({"system": "trees", "depth": 1})


class TestCount:
    @pytest.mark.parametrize("seed", range(10))
    def test_every_canonical_configuration_counts_once(self, seed):
        whole = random_space(seed)
        variables = []
        for variable in whole.variables:  # a closed part of the space, without real parameters
            known = {kept.name for kept in variables}
            if isinstance(variable, Discrete) and set(variable.when or {}) <= known:
                variables.append(variable)
        space = ConfigurationSpace(variables[:6])
        values = product(*(variable.choices for variable in space.variables))
        keys = {space.key(dict(zip(space.names, v, strict=True))) for v in values}
        assert space.count(10**6) == len(keys)
        assert space.count(2) == min(2, len(keys))

    def test_real_parameters(self):
        space = ConfigurationSpace(
            [Discrete("a", [1, 2]), Continuous("b", 0, 1, when={"a": [2]}), Discrete("c", [1, 2])]
        )
        assert space.count(50) == 50
        assert space.with_fixed(a=1).count(50) == 2
