"""scikit-learn's checks over every public estimator and transformer."""

import pytest
from sklearn.utils.estimator_checks import check_estimator

from tests.common import EXPECTED_FAILURES, INSTANCES, REQUIRED, instance, public_estimators

# The data of the checks are short arrays without names of columns.
pytestmark = pytest.mark.filterwarnings(
    "ignore:No layout is given:UserWarning",
    "ignore:`seq_len` is None:UserWarning",
    "ignore:.*rows are too few:UserWarning",
)


@pytest.mark.parametrize("cls", public_estimators(), ids=lambda cls: cls.__name__)
def test_scikit_learn_conformance(cls):
    expected = EXPECTED_FAILURES.get(cls.__name__, {})
    results = check_estimator(
        instance(cls), expected_failed_checks=expected, on_fail=None, on_skip=None
    )
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert not failed
    xfailed = {r["check_name"] for r in results if r["status"] == "xfail"}
    assert xfailed == set(expected), "an expected failure passes: delete its row"


@pytest.mark.slow
@pytest.mark.parametrize("cls", public_estimators(), ids=lambda cls: cls.__name__)
def test_scikit_learn_conformance_of_the_defaults(cls):
    needed = {name: INSTANCES[cls.__name__][name] for name in REQUIRED.get(cls.__name__, ())}
    results = check_estimator(
        cls(**needed),
        expected_failed_checks=EXPECTED_FAILURES.get(cls.__name__, {}),
        on_fail=None,
        on_skip=None,
    )
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert not failed
