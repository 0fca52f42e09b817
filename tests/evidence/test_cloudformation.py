"""How the answers of CloudFormation are read."""

from typing import Any

import pytest

from tapctl.evidence import EXPERIMENTS
from tapctl.evidence.experiment import Observation, Reading, Seen


def read(id_: str, **answers: Any) -> Reading:
    observations = {
        name: answer if isinstance(answer, Observation) else Observation("x", answer)
        for name, answer in answers.items()
    }
    return EXPERIMENTS[id_].reads(Seen(1000, 1000, 100, observations))


def events(*lines: str, token: str | None = "s-create") -> list[list[str | None]]:
    return [[*line.split(), None, token] for line in lines]


@pytest.mark.parametrize(
    ("lines", "agrees"),
    [
        (("Second CREATE_COMPLETE", "First DELETE_IN_PROGRESS"), True),
        (("First DELETE_IN_PROGRESS", "Second CREATE_COMPLETE"), False),
        (("Second CREATE_COMPLETE",), None),
    ],
)
def test_the_order_of_creation_and_deletion(lines: tuple[str, ...], agrees: bool | None) -> None:
    assert read("cfn-create-first", events=events(*lines)).agrees is agrees


@pytest.mark.parametrize(("token", "agrees"), [("s-create", True), (None, False)])
def test_tokens_of_events(token: str | None, agrees: bool) -> None:
    assert read("cfn-event-tokens", events=events("Role CREATE_COMPLETE", token=token)).agrees is agrees


def test_the_order_of_a_rollback() -> None:
    lines = ("First UPDATE_COMPLETE", "Last UPDATE_FAILED", "Second UPDATE_COMPLETE", "First UPDATE_COMPLETE")

    assert read("cfn-rollback-order", events=events(*lines)).answer == "back in the order Second, First"
    assert read("cfn-rollback-order", events=events("First UPDATE_COMPLETE")).answer == "the update did not fail"


def change(replacement: str | None) -> Any:
    changes = [["Function", "Modify", replacement]] if replacement else []
    return {"Status": "CREATE_COMPLETE", "StatusReason": None, "Changes": changes}


@pytest.mark.parametrize(
    ("name", "tenancy", "durable", "agrees"),
    [
        pytest.param("True", "True", "Conditional", True, id="as the schema says"),
        pytest.param("True", "False", "True", False, id="changed in place"),
        pytest.param(None, None, None, None, id="no change set"),
        pytest.param("True", None, None, True, id="one of them"),
    ],
)
def test_create_only_properties(
    name: str | None, tenancy: str | None, durable: str | None, agrees: bool | None
) -> None:
    answers = {"FunctionName": change(name), "TenancyConfig": change(tenancy), "DurableConfig": change(durable)}

    assert read("cfn-create-only", **answers).agrees is agrees


def test_a_quota_check_is_quoted_word_for_word() -> None:
    event = {"ValidationName": "SERVICE_QUOTA", "ValidationStatusReason": "Concurrent executions: 10"}

    assert read("cfn-quota-check", checks=[]).answer == "not named in 0 events"
    assert "Concurrent executions: 10" in read("cfn-quota-check", checks=[{}, event]).answer
    refused = Observation("x", code="ValidationError", message="unknown action")
    assert read("cfn-quota-check", checks=refused).answer == "DescribeEvents: unknown action"


@pytest.mark.parametrize(
    ("second", "agrees"),
    [(Observation("x", "Active"), True), (Observation("x", code="ResourceNotFoundException", message="no"), None)],
)
def test_an_express_update(second: Observation, agrees: bool | None) -> None:
    assert read("cfn-express", second=second).agrees is agrees
