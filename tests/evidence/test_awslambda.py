"""How the answers of Lambda are read: a refusal for another reason settles nothing."""

import pytest

from tapctl.evidence import EXPERIMENTS
from tapctl.evidence.experiment import Observation, Seen

NO_ROOM = (
    "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum"
    " value of [10]."
)


def seen(**observations: Observation) -> Seen:
    return Seen(1000, 1000, 100, {name.replace("_", "-"): observation for name, observation in observations.items()})


def left(number: int) -> Observation:
    return Observation("lambda:GetAccountSettings", {"UnreservedConcurrentExecutions": number})


@pytest.mark.parametrize(("id_", "name"), [("lambda-zero", "zero"), ("lambda-own-reservation", "again")])
@pytest.mark.parametrize(
    ("full", "message", "agrees"),
    [
        pytest.param(100, "", True, id="accepted"),
        pytest.param(100, NO_ROOM, False, id="refused with the minimum"),
        pytest.param(100, "another reason", None, id="refused for another reason"),
        pytest.param(90, NO_ROOM, None, id="others reserved meanwhile"),
    ],
)
def test_a_refusal_counts_at_full_headroom_and_with_the_minimum(
    id_: str, name: str, full: int, message: str, agrees: bool | None
) -> None:
    answer = Observation("lambda:PutFunctionConcurrency", code="X" if message else "", message=message)

    assert EXPERIMENTS[id_].reads(seen(full=left(full), **{name: answer})).agrees is agrees


def test_a_refusal_without_a_minimum_settles_nothing() -> None:
    answer = Observation("lambda:PutFunctionConcurrency", code="X", message="another text")

    assert EXPERIMENTS["lambda-minimum"].reads(seen(above_limit=answer)).agrees is None
