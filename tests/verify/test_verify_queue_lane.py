"""The reference stack with everything switched on that is off by default, changed behind its back."""

from collections.abc import Iterator
from typing import Any

import pytest

from tapctl.verify.check import CheckStatus
from tests.support.shared_sandbox import SharedSandbox
from tests.verify.conftest import Stage, deployed_reference_stack

pytestmark = pytest.mark.xdist_group("verify queue lane")

SWITCHED_ON = {"QueuedProvider": "github", "AlarmTopicArn": "arn:aws:sns:us-east-1:000000000000:alarms"}


@pytest.fixture(scope="module")
def stage(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with deployed_reference_stack(shared_sandbox, tmp_path_factory.mktemp("stage"), **SWITCHED_ON) as stage:
        yield stage


def physical(stage: Stage, logical_id: str) -> str:
    found = stage.client("cloudformation").describe_stack_resource(
        StackName="tapstack-local", LogicalResourceId=logical_id
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def test_every_resource_is_looked_at_and_holds(stage: Stage) -> None:
    checks = stage.verify(whole=True).checks

    assert [each for each in checks if each.status is CheckStatus.FAILED] == []
    proved = {each.subject for each in checks if each.status is CheckStatus.PROVED}
    template = stage.client("cloudformation").get_template(StackName="tapstack-local")["TemplateBody"]
    off = {name for name, each in template["Resources"].items() if each.get("Condition") not in (None, "HasQueue")}
    assert proved >= set(template["Resources"]) - off


def attribute(stage: Stage, queue: str, **attributes: str) -> None:
    stage.client("sqs").set_queue_attributes(QueueUrl=physical(stage, queue), Attributes=attributes)


@pytest.mark.parametrize(
    ("queue", "attributes", "subject", "message"),
    [
        pytest.param(
            "WebhookQueue",
            {"VisibilityTimeout": "30"},
            "WebhookQueue",
            "invisible for seconds is 30, the template says 180",
            id="visible again too soon",
        ),
        pytest.param(
            "DeadLetterQueue",
            {"Policy": '{"Statement": []}'},
            "QueuePolicy",
            "is not as the template says: it lacks `DenyWithoutTls`",
            id="reached without TLS",
        ),
    ],
)
def test_a_changed_queue_is_seen(
    queue: str, attributes: dict[str, str], subject: str, message: str, stage: Stage
) -> None:
    url = physical(stage, queue)
    before: dict[str, Any] = stage.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    attribute(stage, queue, **attributes)
    try:
        ((found, said),) = stage.failures()
        assert found == subject
        assert message in said
    finally:
        attribute(stage, queue, **{name: before[name] for name in attributes})


def test_a_consumer_that_is_switched_off_is_seen(stage: Stage) -> None:
    client, consumer = stage.client("lambda"), physical(stage, "QueueConsumer")
    client.update_event_source_mapping(UUID=consumer, Enabled=False)
    try:
        assert stage.failures() == [("QueueConsumer", "state is Disabled, the template says Enabled")]
    finally:
        client.update_event_source_mapping(UUID=consumer, Enabled=True)
