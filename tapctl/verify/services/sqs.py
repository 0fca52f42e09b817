"""SQS queues and their policies."""

from collections.abc import Mapping
from typing import Any

from tapctl.verify.compare import same_document
from tapctl.verify.policy import policy_difference, same_policy
from tapctl.verify.resource import LiveResource
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck


def _all(url: Any) -> dict[str, Any]:
    return {"QueueUrl": url, "AttributeNames": ["All"]}


def _own(live: LiveResource, _: Any) -> dict[str, Any]:
    return _all(live.id)


def _attribute(what: str, name: str, default: object) -> PropertyCheck:
    """An attribute that the API calls as the template does."""
    return PropertyCheck(what, name, f"Attributes.{name}", default=default, absent=default)


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::SQS::Queue": (
        ResourceCheck(
            "sqs",
            "GetQueueAttributes",
            _own,
            (
                _attribute("invisible for seconds", "VisibilityTimeout", 30),
                _attribute("kept for seconds", "MessageRetentionPeriod", 345600),
                _attribute("delayed by seconds", "DelaySeconds", 0),
                _attribute("waiting for seconds", "ReceiveMessageWaitTimeSeconds", 0),
                _attribute("first in, first out", "FifoQueue", False),
                PropertyCheck("longest message", "MaximumMessageSize", "Attributes.MaximumMessageSize"),
                PropertyCheck(
                    "encryption by SQS", "SqsManagedSseEnabled", "Attributes.SqsManagedSseEnabled", absent=False
                ),
                PropertyCheck("encryption key", "KmsMasterKeyId", "Attributes.KmsMasterKeyId"),
                PropertyCheck(
                    "redrive policy",
                    "RedrivePolicy",
                    "Attributes.RedrivePolicy",
                    default=None,
                    same=same_document,
                ),
            ),
        ),
    ),
    "AWS::SQS::QueuePolicy": (
        ResourceCheck(
            "sqs",
            "GetQueueAttributes",
            lambda _, entry: _all(entry),
            (
                PropertyCheck(
                    "policy of {entry}",
                    "PolicyDocument",
                    "Attributes.Policy",
                    same=same_policy,
                    explain=policy_difference,
                ),
            ),
            each="Queues",
            thing="{entry}",
        ),
    ),
}
