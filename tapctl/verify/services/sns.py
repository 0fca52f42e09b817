"""SNS topics, their policies, and subscriptions."""

from collections.abc import Mapping

from tapctl.verify.compare import same_document
from tapctl.verify.policy import policy_difference, same_policy
from tapctl.verify.resource_check import Look, Must, Row, quietly

LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::SNS::Topic": (
        Look(
            "sns",
            "GetTopicAttributes",
            lambda live, _: {"TopicArn": live.id},
            (
                Row("display name", "DisplayName", "Attributes.DisplayName"),
                Row("encryption key", "KmsMasterKeyId", "Attributes.KmsMasterKeyId", default=None),
                Row("first in, first out", "FifoTopic", "Attributes.FifoTopic", default=False, absent=False),
            ),
        ),
    ),
    "AWS::SNS::TopicPolicy": (
        Look(
            "sns",
            "GetTopicAttributes",
            lambda _, entry: {"TopicArn": entry},
            (
                Row(
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
        Look(
            "sns",
            "GetSubscriptionAttributes",
            lambda live, _: {"SubscriptionArn": live.id},
            (
                Must("waiting for its confirmation", ("false",), "Attributes.PendingConfirmation"),
                Row("protocol", "Protocol", "Attributes.Protocol"),
                Row("endpoint", "Endpoint", "Attributes.Endpoint"),
                Row("filter", "FilterPolicy", "Attributes.FilterPolicy", same=same_document, explain=quietly),
                Row("raw delivery", "RawMessageDelivery", "Attributes.RawMessageDelivery", absent=False),
            ),
        ),
    ),
}
