"""What a search says when trials failed, or none can be offered."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from sklearn.exceptions import FitFailedWarning

from sklearn_mtl.search._pareto.goals import Goals
from sklearn_mtl.search._pareto.trial_records import TrialRecord


def check_outcome(
    records: Sequence[TrialRecord], goals: Goals, last_error: Exception | None
) -> None:
    """Raise if there is no front; warn if trials failed.

    Parameters
    ----------
    records : sequence of TrialRecord
    goals : Goals
    last_error : Exception or None
        What the last failed trial raised, if it was one of this run.

    Raises
    ------
    ValueError
        If no trial ended, all failed, or none keeps the constraints.
    """
    failed = [record for record in records if record.state == "failed"]
    complete = [record for record in records if record.state == "complete"]
    if not complete and failed:
        last = failed[-1]
        raise ValueError(
            f"All {len(failed)} trials failed. Trial {last.number}, {last.config}, was the last of "
            f"them: {last.error}"
        ) from last_error
    if not complete:
        raise ValueError(
            "No trial came to its end, so that there is nothing to select. Pass a larger `timeout` "
            "or `n_trials`."
        )
    if failed:
        warnings.warn(
            f"{len(failed)} of {len(records)} trials failed; cv_results_['error'] tells why. Trial "
            f"{failed[-1].number}, {failed[-1].config}: {failed[-1].error}",
            FitFailedWarning,
            stacklevel=3,
        )
    if not any(record.feasible for record in complete):
        nearest = min(complete, key=lambda record: record.violation)
        assert nearest.evaluation is not None
        names = dict.fromkeys(constraint.name for constraint in goals.constraints)
        reached = ", ".join(f"{name} {nearest.evaluation.mean(name):.6g}" for name in names)
        raise ValueError(
            f"None of the {len(complete)} complete trials keeps the constraints "
            f"{', '.join(map(str, goals.constraints))}. The nearest is trial {nearest.number} with "
            f"{reached}: {nearest.config}. Loosen a constraint, widen the space or run more trials."
        )
