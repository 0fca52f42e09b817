"""SQS queues and their policies."""

from collections.abc import Mapping
from typing import Any

from tapctl.verify.compare import same_document
from tapctl.verify.policy import policy_check
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck


def _all_attributes(queue_url: Any) -> dict[str, Any]:
    return {"QueueUrl": queue_url, "AttributeNames": ["All"]}


def _attribute(name: str, default: object) -> PropertyCheck:
    """An attribute with a default that the API omits or returns."""
    return PropertyCheck(name, default=default, absent=default)


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::SQS::Queue": (
        ResourceCheck(
            "sqs",
            "GetQueueAttributes",
            lambda resource: _all_attributes(resource.physical_id),
            (
                _attribute("VisibilityTimeout", 30),
                _attribute("MessageRetentionPeriod", 345600),
                _attribute("DelaySeconds", 0),
                _attribute("ReceiveMessageWaitTimeSeconds", 0),
                _attribute("FifoQueue", False),
                PropertyCheck("MaximumMessageSize"),
                PropertyCheck("SqsManagedSseEnabled", absent=False),
                PropertyCheck("KmsMasterKeyId"),
                PropertyCheck("RedrivePolicy", default=None, equal=same_document),
            ),
            result_path="Attributes",
        ),
    ),
    "AWS::SQS::QueuePolicy": (
        ResourceCheck(
            "sqs",
            "GetQueueAttributes",
            lambda resource: _all_attributes(resource.item),
            (policy_check("PolicyDocument", "Policy"),),
            result_path="Attributes",
            repeat_for="Queues",
            part=lambda resource: str(resource.item),
        ),
    ),
}
