"""Where configurations are evaluated: here, or in processes of their own."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from queue import SimpleQueue
from typing import Any

from joblib import cpu_count
from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor
from joblib.externals.loky import TimeoutError as NotYet
from sklearn import config_context, get_config

from sklearn_mtl.search._pareto.interrupts import Interrupts
from sklearn_mtl.search._pareto.learning_curves import Curve
from sklearn_mtl.search._pareto.trial_evaluation import Evaluation, Evaluator

ATTEMPTS = 2
POLL_SECONDS = 0.2
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class InProcess:
    """Evaluate in this process.

    Parameters
    ----------
    evaluator : Evaluator
    interrupts : Interrupts
    """

    def __init__(self, evaluator: Evaluator, interrupts: Interrupts) -> None:
        self.evaluator = evaluator
        self.interrupts = interrupts

    def __call__(self, config: Mapping[str, Any], earlier: Sequence[Sequence[Curve]]) -> Evaluation:
        """Evaluate a configuration."""
        with self.interrupts.training():
            return self.evaluator(config, earlier, self.interrupts.check)

    def close(self) -> None:
        """Do nothing."""


class WorkerProcesses:
    """Evaluate in other processes; to be called from as many threads.

    Every process is a pool of its own, so that one that dies, for want of memory say, takes no
    other trial with it. Its trial is tried again. scikit-learn is configured there as it is here.

    Parameters
    ----------
    evaluator : Evaluator
    n_workers : int
    interrupts : Interrupts
        Tells when to give up waiting.
    """

    def __init__(self, evaluator: Evaluator, n_workers: int, interrupts: Interrupts) -> None:
        self.evaluator = evaluator
        self.interrupts = interrupts
        self._settings = get_config()  # of this thread, not of those that call
        threads = str(max(1, cpu_count() // n_workers))
        self._environment = {name: os.environ.get(name, threads) for name in THREAD_VARIABLES}
        self._all: list[ProcessPoolExecutor] = []
        self._free: SimpleQueue[ProcessPoolExecutor] = SimpleQueue()
        for _ in range(n_workers):
            self._free.put(self._start())

    def __call__(self, config: Mapping[str, Any], earlier: Sequence[Sequence[Curve]]) -> Evaluation:
        """Evaluate a configuration in a free process.

        Raises
        ------
        RuntimeError
            If the process died at every attempt. What the evaluation raises is passed on.
        """
        worker = self._free.get()
        try:
            for _ in range(ATTEMPTS):
                try:
                    # The process may also have died since the trial before.
                    task = (self._settings, self.evaluator, config, earlier)
                    return self._wait(worker.submit(_evaluate, *task))
                except BrokenProcessPool:
                    self.interrupts.check()
                    worker = self._start()
            raise RuntimeError(
                f"The process of this trial was ended from outside {ATTEMPTS} times, most likely "
                "for want of memory. Take a smaller `n_jobs` or limit the space."
            )
        finally:
            self._free.put(worker)

    def _wait(self, future: Any) -> Evaluation:
        while True:
            try:
                return future.result(timeout=POLL_SECONDS)
            except NotYet:
                self.interrupts.check()

    def _start(self) -> ProcessPoolExecutor:
        worker = ProcessPoolExecutor(
            1, env=self._environment, initializer=_obey, initargs=(os.getpid(),)
        )
        self._all.append(worker)
        return worker

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._all:
            worker.shutdown(kill_workers=True)


def _evaluate(
    settings: dict[str, Any],
    evaluator: Evaluator,
    config: Mapping[str, Any],
    earlier: Sequence[Sequence[Curve]],
) -> Evaluation:
    with config_context(**settings):
        try:
            return evaluator(config, earlier)
        except Exception as error:
            if _travels(error):
                raise
            # One that cannot be read at the other end would pass for the death of this process.
            raise RuntimeError(f"{type(error).__name__}: {error}") from None


def _travels(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever pickling raises
        return False
    return True


def _obey(parent: int) -> None:
    """Leave Ctrl-C to the parent, as a training would take it for its own end, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
