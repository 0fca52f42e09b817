"""What counts as a contradiction between a verdict and the ending of an update."""

import pytest

from tapctl.concurrency.verdict import Verdict
from tapctl.unknown import Unknown
from tests.soak.endings import Ending, contradiction

pytestmark = pytest.mark.soak

FITS, EXCEEDS, UNCERTAIN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN
E1 = "Specified ReservedConcurrentExecutions … below its minimum value of [100]."
TAKEN = "Resource of type 'AWS::DynamoDB::Table' with identifier 'taken' already exists."


def done(now: int = 100) -> Ending:
    return Ending("UPDATE_COMPLETE", (), 100, now)


def failed(*reasons: str, status: str = "UPDATE_ROLLBACK_COMPLETE", now: int = 100) -> Ending:
    return Ending(status, reasons, 100, now)


@pytest.mark.parametrize(
    ("verdict", "ending", "doomed"),
    [
        pytest.param(FITS, failed(E1), False, id="fits-and-is-refused"),
        pytest.param(FITS, failed(TAKEN), False, id="fits-and-fails-for-no-known-reason"),
        pytest.param(FITS, failed(E1), True, id="fits-and-is-refused-before-something-else-fails"),
        pytest.param(
            FITS, failed(TAKEN, E1, status="UPDATE_ROLLBACK_FAILED"), True, id="fits-and-the-rollback-is-refused"
        ),
        pytest.param(EXCEEDS, done(), False, id="exceeds-and-is-accepted"),
        pytest.param(EXCEEDS, failed(TAKEN), False, id="exceeds-and-fails-for-another-reason"),
        pytest.param(UNCERTAIN, done(now=99), False, id="another-end-than-was-said"),
        pytest.param(UNCERTAIN, failed(E1, now=99), False, id="rolled-back-to-something-else"),
    ],
)
def test_a_contradiction_is_seen(verdict: Verdict, ending: Ending, doomed: bool) -> None:
    assert contradiction(verdict, 100, ending, doomed=doomed)


@pytest.mark.parametrize(
    ("verdict", "ending", "doomed"),
    [
        pytest.param(FITS, done(), False, id="fits-and-is-accepted"),
        pytest.param(FITS, failed(TAKEN), True, id="fits-and-something-else-fails"),
        pytest.param(EXCEEDS, failed(E1), False, id="exceeds-and-is-refused"),
        pytest.param(EXCEEDS, failed(E1, E1, status="UPDATE_ROLLBACK_FAILED", now=98), False, id="and-cannot-go-back"),
        pytest.param(EXCEEDS, failed(TAKEN), True, id="exceeds-and-something-else-fails-first"),
        pytest.param(UNCERTAIN, done(), False, id="uncertain-and-accepted"),
        pytest.param(UNCERTAIN, failed(E1), False, id="uncertain-and-refused"),
    ],
)
def test_the_rest_is_none(verdict: Verdict, ending: Ending, doomed: bool) -> None:
    assert not contradiction(verdict, 100, ending, doomed=doomed)


def test_an_end_that_nobody_knows_is_not_compared() -> None:
    assert not contradiction(UNCERTAIN, Unknown("hidden"), done(now=7))


def test_with_orphans_more_may_be_free_but_never_less() -> None:
    assert not contradiction(FITS, 100, done(now=101), at_least=True)
    assert contradiction(FITS, 100, done(now=99), at_least=True)


def test_a_reservation_that_cannot_be_put_back_below_what_is_provisioned_is_none() -> None:
    lower = "ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [8]."
    stuck = failed(TAKEN, lower, status="UPDATE_ROLLBACK_FAILED", now=99)
    assert not contradiction(FITS, 100, stuck, doomed=True)
