"""SNS topics, their policies, and subscriptions."""

from collections.abc import Mapping

from tapctl.verify.compare import same_document
from tapctl.verify.policy import policy_check
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck, by_id, without_details

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::SNS::Topic": (
        ResourceCheck(
            "sns",
            "GetTopicAttributes",
            by_id("TopicArn"),
            (
                PropertyCheck("DisplayName"),
                PropertyCheck("KmsMasterKeyId", default=None),
                PropertyCheck("FifoTopic", default=False, absent=False),
            ),
            result_path="Attributes",
        ),
    ),
    "AWS::SNS::TopicPolicy": (
        ResourceCheck(
            "sns",
            "GetTopicAttributes",
            lambda resource: {"TopicArn": resource.item},
            (policy_check("PolicyDocument", "Policy"),),
            result_path="Attributes",
            repeat_for="Topics",
            part=lambda resource: str(resource.item),
        ),
    ),
    "AWS::SNS::Subscription": (
        ResourceCheck(
            "sns",
            "GetSubscriptionAttributes",
            by_id("SubscriptionArn"),
            (
                PropertyCheck("Protocol"),
                PropertyCheck("Endpoint"),
                PropertyCheck("FilterPolicy", equal=same_document, difference=without_details),
                PropertyCheck("RawMessageDelivery", absent=False),
            ),
            (StateCheck("PendingConfirmation", ("false",)),),
            result_path="Attributes",
        ),
    ),
}
