"""Cost of Pareto objective routing, step by step and for many targets.

Steps are taken in turn by nets that differ in the weighting rule only, on random batches; "pass" is
forward and backward with all that the rule does, "step" includes the optimizer (fused AdamW). A
ratio is that to equal weights in the same net, in CPU time, the median over the rounds with its
range. torchjd's `mtl_backward` with its MGDA is measured in a hand-written loop over the same
network, against a plain backward pass in that loop; all parameters of the encoder count as shared
there. LibMTL, which was not run, is known at 2 to 21 times a plain pass.

The second table is the time of a step with 128 rows of 50 inputs as the number of targets grows,
taken in turn, too, and the CPU time of an epoch of `fit` over 10,000 rows with the largest number:
nothing in a step loops over targets if its time grows no faster than their number.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Hashable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, clone
from torch import nn
from tqdm import tqdm

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._alternating import alternate
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.estimators import MMoERegressor, TMoEPRegressor
from sklearn_mtl.nn import MMoE, OMoE
from sklearn_mtl.training import MultiTaskNet
from sklearn_mtl.weighting import GradNorm, ParetoObjectiveRouting, TaskWeighting

N_FEATURES, STEPS_PER_TIMING, STEPS_OF_MANY = 50, 10, 5
NETWORKS: dict[str, type[nn.Module]] = {"MMoE": MMoE, "OMoE": OMoE}
EQUAL, EXACT, REPRESENTATION = "equal", "POR, exact", "POR, representation"
TORCHJD, PLAIN = "torchjd mtl_backward + MGDA", "hand-written loop, equal"
RULES: dict[str, Callable[[], TaskWeighting | None]] = {
    EQUAL: lambda: None,
    EXACT: ParetoObjectiveRouting,
    f"{EXACT}, every 5th step": partial(ParetoObjectiveRouting, every=5),
    REPRESENTATION: partial(ParetoObjectiveRouting, gradients="representation"),
    "GradNorm": GradNorm,
}
# Largest ratios that this package promises: (what, targets, rule) -> ratio.
PROMISED = {
    ("pass", 2, EXACT): 2.2,
    ("pass", 2, REPRESENTATION): 1.35,
    ("pass", 16, REPRESENTATION): 2.2,
    ("step", 2, EXACT): 1.5,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--out", type=Path, default=Path("benchmark_results"), help="result folder")
    parser.add_argument("--rounds", type=int, default=15, help="rounds (default: 15)")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--targets", type=int, nargs="+", default=[2, 16], help="of the steps")
    parser.add_argument(
        "--many", type=int, nargs="+", default=[50, 100, 200], help="targets of the fits"
    )
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the fits")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print the ratios and write ``por-speed.csv`` and ``por-speed.md``."""
    import_optional("torchjd", extra="bench")
    torch.set_num_threads(1)
    parts = [
        _compare_steps(name, n_targets, batch_size, arguments.rounds)
        for name in NETWORKS
        for n_targets in arguments.targets
        for batch_size in arguments.batch_sizes
    ]
    table = pd.concat(parts, ignore_index=True)
    growth = _compare_numbers_of_targets(arguments.many, arguments.rows, arguments.rounds)
    report = "\n\n".join(
        [
            "# Cost of Pareto objective routing",
            f"{describe_machine()}, one thread, {arguments.rounds} rounds of {STEPS_PER_TIMING} "
            "steps.",
            (__doc__ or "").partition("\n\n")[2].strip(),
            markdown_table(_readable(table)),
            markdown_table(growth),
        ]
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.out / "por-speed.csv", index=False)
    growth.to_csv(arguments.out / "por-speed-targets.csv", index=False)
    (arguments.out / "por-speed.md").write_text(report + "\n")
    print(report)


def _compare_steps(network: str, n_targets: int, batch_size: int, n_rounds: int) -> pd.DataFrame:
    batches = _batches(batch_size, n_targets)
    calls: dict[tuple[str, str], Callable[[], object]] = {}
    for rule, make in RULES.items():
        net = _net(NETWORKS[network], n_targets, make())
        calls["pass", rule] = partial(_take_steps, net, net.train_step_single, batches)
        calls["step", rule] = partial(_take_steps, net, net.train_step, batches)
    for rule, backward in [(PLAIN, _plain_backward), (TORCHJD, _torchjd_backward())]:
        module = NETWORKS[network](n_features=N_FEATURES, n_targets=n_targets)
        calls["pass", rule] = partial(_loop, module, backward, batches)
    label = f"{network}, {n_targets} targets, batch {batch_size}"
    contenders: dict[Hashable, Callable[[], object]] = dict(calls.items())
    timings = alternate(contenders, tqdm(range(n_rounds), label, leave=False))["cpu"]
    records = []
    for what, rule in calls:
        reference = PLAIN if rule in (PLAIN, TORCHJD) else EQUAL
        ratios = timings[what, rule] / timings[what, reference]
        records.append(
            {
                "network": network,
                "targets": n_targets,
                "batch": batch_size,
                "what": what,
                "rule": rule,
                "cpu_us": 1e3 * timings[what, rule].median() / STEPS_PER_TIMING,
                "ratio": ratios.median(),
                "ratio_min": ratios.min(),
                "ratio_max": ratios.max(),
                "promised": PROMISED.get((what, n_targets, rule)),
            }
        )
    return pd.DataFrame(records)


def _batches(batch_size: int, n_targets: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [
        (
            torch.randn(batch_size, N_FEATURES, generator=generator),
            torch.randn(batch_size, n_targets, generator=generator),
        )
        for _ in range(STEPS_PER_TIMING)
    ]


def _net(network: type[nn.Module], n_targets: int, rule: TaskWeighting | None) -> Any:
    torch.manual_seed(0)
    net: Any = MultiTaskNet(
        network,
        module__n_features=N_FEATURES,
        module__n_targets=n_targets,
        weighting=rule,
        optimizer__fused=True,
    ).initialize()
    net.complete_ = True
    net.notify("on_epoch_begin")
    return net


def _take_steps(net: Any, step: Callable[..., dict[str, Any]], batches: list[Any]) -> None:
    for batch in batches:
        for parameter in net.module_.parameters():
            parameter.grad = None
        net.notify("on_batch_end", batch=batch, training=True, **step(batch))


def _loop(module: nn.Module, backward: Callable[..., None], batches: list[Any]) -> None:
    network: Any = module
    for x, y in batches:
        for parameter in network.parameters():
            parameter.grad = None
        features = network.encode(x)
        backward(network, features, (network.decode(features) - y).square().mean(dim=0))


def _plain_backward(network: Any, features: torch.Tensor, losses: torch.Tensor) -> None:
    losses.mean().backward()


def _torchjd_backward() -> Callable[..., None]:
    autojac = import_optional("torchjd.autojac", extra="bench")
    aggregator = import_optional("torchjd.aggregation", extra="bench").MGDA()

    def backward(network: Any, features: torch.Tensor, losses: torch.Tensor) -> None:
        # Stacked towers lie in one graph, which the losses would free for each other.
        autojac.mtl_backward(list(losses), features=features, retain_graph=True)
        shared = [p for p in network.parameters() if getattr(p, "jac", None) is not None]
        autojac.jac_to_grad(shared, aggregator)

    return backward


def _compare_numbers_of_targets(numbers: list[int], n_rows: int, n_rounds: int) -> pd.DataFrame:
    """Time of a step for growing numbers of targets, and of an epoch with the largest."""
    contenders: dict[str, tuple[type[nn.Module], TaskWeighting | None, BaseEstimator]] = {
        "MMoERegressor": (MMoE, None, MMoERegressor()),
        "TMoEPRegressor, representation": (
            OMoE,
            ParetoObjectiveRouting(gradients="representation"),
            TMoEPRegressor(weighting=ParetoObjectiveRouting(gradients="representation")),
        ),
    }
    records = []
    for name, (network, rule, estimator) in contenders.items():
        calls: dict[Hashable, Callable[[], object]] = {}
        for n_targets in numbers:
            net = _net(network, n_targets, None if rule is None else clone(rule, safe=False))
            batches = _batches(128, n_targets)[:STEPS_OF_MANY]
            calls[n_targets] = partial(_take_steps, net, net.train_step, batches)
        timings = alternate(calls, tqdm(range(n_rounds), name, leave=False))["cpu"]
        record: dict[str, Any] = {"model": name}
        for n_targets in numbers:
            per_step = timings[n_targets].median() / STEPS_OF_MANY
            record[f"{n_targets} targets, ms/step"] = round(per_step, 1)
        for few, many in [*pairwise(numbers), (numbers[0], numbers[-1])]:
            record[f"{few} -> {many}"] = round((timings[many] / timings[few]).median(), 2)
        record["s/epoch of fit"] = round(_seconds_of_an_epoch(estimator, numbers[-1], n_rows), 1)
        records.append(record)
    return pd.DataFrame(records)


def _seconds_of_an_epoch(estimator: BaseEstimator, n_targets: int, n_rows: int) -> float:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_FEATURES))
    y = X @ rng.normal(size=(N_FEATURES, n_targets))
    model: Any = clone(estimator).set_params(max_epochs=1, validation_fraction=None)
    started = time.process_time()
    model.fit(X, y)
    return time.process_time() - started


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    records = []
    for row in table.to_dict("records"):
        is_reference = row["rule"] in (EQUAL, PLAIN)
        span = f"{row['ratio']:.2f} ({row['ratio_min']:.2f}-{row['ratio_max']:.2f})"
        promised = "" if pd.isna(row["promised"]) else f"<= {row['promised']}"
        if promised:
            promised += " met" if row["ratio"] <= row["promised"] else " missed"
        records.append(
            {
                "network": row["network"],
                "targets": row["targets"],
                "batch": row["batch"],
                "what": row["what"],
                "rule": row["rule"],
                "CPU us": f"{row['cpu_us']:.0f}",
                "ratio to equal": "" if is_reference else span,
                "promised": promised,
            }
        )
    return pd.DataFrame(records)
