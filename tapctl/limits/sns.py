"""The limits of SNS that a deploy can reach."""

from tapctl.limits.row import ABSENT, PRESENT, Call, Limit, ValueKind, each, length

DOCS = "https://docs.aws.amazon.com/general/latest/gr/sns.html"
SUBSCRIPTION, TOPIC = "AWS::SNS::Subscription", "AWS::SNS::Topic"

ROWS = (
    Limit(
        id="sns-topics",
        key="sns/L-61103206",
        title="Standard SNS topics",
        docs=DOCS,
        counts=(each(TOPIC, where={"FifoTopic": (ABSENT, "false")}),),
        default=100_000,
        usage=Call("sns", "ListTopics", "Topics[?!ends_with(TopicArn, '.fifo')]"),
    ),
    Limit(
        id="sns-fifo-topics",
        key="sns/fifo-topics",
        title="FIFO SNS topics",
        docs=DOCS,
        counts=(each(TOPIC, where={"FifoTopic": ("true",)}),),
        default=1000,
        adjustable=False,
        usage=Call("sns", "ListTopics", "Topics[?ends_with(TopicArn, '.fifo')]"),
    ),
    Limit(
        id="sns-subscriptions-per-topic",
        key="sns/L-A4340BCD",
        title="Subscriptions per SNS topic",
        docs=DOCS,
        counts=(each(SUBSCRIPTION, per="TopicArn"), length(TOPIC, "Subscription")),
        default=12_500_000,
        usage=Call(
            "sns",
            "GetTopicAttributes",
            "Attributes.[to_number(SubscriptionsConfirmed), to_number(SubscriptionsPending)]",
            reading=ValueKind.SUM,
            parent="TopicArn",
        ),
    ),
    Limit(
        id="sns-subscriptions-per-fifo-topic",
        key="sns/subscriptions-per-fifo-topic",
        title="Subscriptions per FIFO SNS topic",
        docs=DOCS,
        counts=(
            each(SUBSCRIPTION, per="TopicArn", where={"TopicArn>FifoTopic": ("true",)}),
            length(TOPIC, "Subscription", where={"FifoTopic": ("true",)}),
        ),
        default=100,
        adjustable=False,
    ),
    Limit(
        id="sns-filter-policies",
        key="sns/L-4126E74A",
        title="SNS filter policies",
        docs=DOCS,
        counts=(each(SUBSCRIPTION, where={"FilterPolicy": (PRESENT,)}),),
        default=10_000,
        # Which subscriptions have one, only a call for each would say.
        usage=Call("sns", "ListSubscriptions", "Subscriptions"),
        at_most=True,
    ),
    Limit(
        id="sns-filter-policies-per-topic",
        key="sns/L-B96EDA7D",
        title="Filter policies per SNS topic",
        docs=DOCS,
        counts=(each(SUBSCRIPTION, per="TopicArn", where={"FilterPolicy": (PRESENT,)}),),
        default=200,
    ),
)
