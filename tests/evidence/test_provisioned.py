"""How the answers on provisioned concurrency are read: a refusal for another reason settles nothing."""

import pytest

from tapctl.evidence import EXPERIMENTS
from tapctl.evidence.experiment import Observation, Seen

PUT = "lambda:PutProvisionedConcurrencyConfig"
UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
NO_ROOM = (
    "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum"
    " value of [10]."
)


def seen(**observations: Observation) -> Seen:
    return Seen(1000, 1000, 100, observations)


def left(number: int) -> Observation:
    return Observation("lambda:GetAccountSettings", {"UnreservedConcurrentExecutions": number})


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        pytest.param(Observation(PUT, code="InvalidParameterValueException", message=UNPUBLISHED), True, id="refused"),
        pytest.param(Observation(PUT, code="InvalidParameterValueException", message=NO_ROOM), None, id="no room"),
        pytest.param(Observation(PUT, code="ResourceConflictException", message="Pending"), None, id="not ready"),
        pytest.param(Observation(PUT, answer={}), False, id="accepted"),
    ],
)
@pytest.mark.parametrize("id_", ["lambda-latest", "lambda-tenancy", "lambda-snapstart"])
def test_provisioned_concurrency_that_is_refused(id_: str, answer: Observation, agrees: bool | None) -> None:
    assert EXPERIMENTS[id_].reads(seen(provisioned=answer)).agrees is agrees


@pytest.mark.parametrize(("after", "agrees"), [(999, True), (1000, False), (950, None), (1001, None)])
def test_a_change_by_another_amount_gives_no_reading(after: int, agrees: bool | None) -> None:
    observed = seen(before=left(1000), after=left(after))

    assert EXPERIMENTS["lambda-provisioned"].reads(observed).agrees is agrees
