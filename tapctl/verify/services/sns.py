"""SNS topics, their policies, and subscriptions."""

from collections.abc import Mapping

from tapctl.verify.compare import same_document
from tapctl.verify.policy import policy_difference, same_policy
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck, quietly

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::SNS::Topic": (
        ResourceCheck(
            "sns",
            "GetTopicAttributes",
            lambda live, _: {"TopicArn": live.id},
            (
                PropertyCheck("display name", "DisplayName", "Attributes.DisplayName"),
                PropertyCheck("encryption key", "KmsMasterKeyId", "Attributes.KmsMasterKeyId", default=None),
                PropertyCheck("first in, first out", "FifoTopic", "Attributes.FifoTopic", default=False, absent=False),
            ),
        ),
    ),
    "AWS::SNS::TopicPolicy": (
        ResourceCheck(
            "sns",
            "GetTopicAttributes",
            lambda _, entry: {"TopicArn": entry},
            (
                PropertyCheck(
                    "policy of {entry}",
                    "PolicyDocument",
                    "Attributes.Policy",
                    same=same_policy,
                    explain=policy_difference,
                ),
            ),
            each="Topics",
            thing="{entry}",
        ),
    ),
    "AWS::SNS::Subscription": (
        ResourceCheck(
            "sns",
            "GetSubscriptionAttributes",
            lambda live, _: {"SubscriptionArn": live.id},
            (
                StateCheck("waiting for its confirmation", ("false",), "Attributes.PendingConfirmation"),
                PropertyCheck("protocol", "Protocol", "Attributes.Protocol"),
                PropertyCheck("endpoint", "Endpoint", "Attributes.Endpoint"),
                PropertyCheck("filter", "FilterPolicy", "Attributes.FilterPolicy", same=same_document, explain=quietly),
                PropertyCheck("raw delivery", "RawMessageDelivery", "Attributes.RawMessageDelivery", absent=False),
            ),
        ),
    ),
}
