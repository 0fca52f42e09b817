"""The reference stack with its optional resources, changed outside of CloudFormation."""

from collections.abc import Iterator
from typing import Any

import pytest

from tapctl.verify.check import CheckStatus
from tests.support.golden import Golden
from tests.verify.conftest import ReferenceStack, deploy_reference

pytestmark = pytest.mark.xdist_group("verify queue lane")

OPTIONAL_RESOURCES = {"QueuedProvider": "github", "AlarmTopicArn": "arn:aws:sns:us-east-1:000000000000:alarms"}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceStack]:
    with deploy_reference(tmp_path_factory, **OPTIONAL_RESOURCES) as deployed:
        yield deployed


def physical(reference: ReferenceStack, logical_id: str) -> str:
    detail = reference.client("cloudformation").describe_stack_resource(
        StackName="tapstack-local", LogicalResourceId=logical_id
    )
    return str(detail["StackResourceDetail"]["PhysicalResourceId"])


def test_every_resource_is_proved(reference: ReferenceStack) -> None:
    checks = reference.verify(whole=True).checks

    assert [check for check in checks if check.status is CheckStatus.FAILED] == []
    proved = {check.subject for check in checks if check.status is CheckStatus.PROVED}
    template = reference.client("cloudformation").get_template(StackName="tapstack-local")["TemplateBody"]
    absent = {
        name for name, resource in template["Resources"].items() if resource.get("Condition") not in (None, "HasQueue")
    }
    assert proved >= set(template["Resources"]) - absent


def set_attributes(reference: ReferenceStack, queue: str, **attributes: str) -> None:
    reference.client("sqs").set_queue_attributes(QueueUrl=physical(reference, queue), Attributes=attributes)


@pytest.mark.parametrize(
    ("queue", "attributes", "subject"),
    [
        pytest.param(
            "WebhookQueue",
            {"VisibilityTimeout": "30"},
            "WebhookQueue",
            id="another VisibilityTimeout",
        ),
        pytest.param(
            "DeadLetterQueue",
            {"Policy": '{"Statement": []}'},
            "QueuePolicy",
            id="no TLS required",
        ),
    ],
)
def test_a_changed_queue_fails(
    queue: str, attributes: dict[str, str], subject: str, reference: ReferenceStack, golden: Golden
) -> None:
    url = physical(reference, queue)
    before: dict[str, Any] = reference.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    set_attributes(reference, queue, **attributes)
    try:
        ((failed, message),) = reference.failures()
    finally:
        set_attributes(reference, queue, **{name: before[name] for name in attributes})
    assert failed == subject
    golden(message, url=url)


def test_a_disabled_event_source_mapping_fails(reference: ReferenceStack, golden: Golden) -> None:
    client, consumer = reference.client("lambda"), physical(reference, "QueueConsumer")
    client.update_event_source_mapping(UUID=consumer, Enabled=False)
    try:
        ((failed, message),) = reference.failures()
    finally:
        client.update_event_source_mapping(UUID=consumer, Enabled=True)
    assert failed == "QueueConsumer"
    golden(message)
