"""The limits of Kinesis data streams and Firehose streams that a deploy can reach."""

from tapctl.limits.row import ABSENT, Call, DefaultGrade, Limit, each, total

STREAM = "AWS::Kinesis::Stream"
_STREAMS = "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"

ROWS = (
    Limit(
        id="kinesis-shards",
        key="kinesis/L-0918CF54",
        title="Shards of provisioned Kinesis streams",
        docs=_STREAMS,
        counts=(total(STREAM, "ShardCount", where={"StreamModeDetails.StreamMode": (ABSENT, "PROVISIONED")}),),
        default=1000,  # 6,000 or 20,000 in large Regions
        usage=Call("kinesis", "DescribeLimits", "OpenShardCount"),
        quota=Call("kinesis", "DescribeLimits", "ShardLimit"),
    ),
    Limit(
        id="kinesis-on-demand-streams",
        key="kinesis/on-demand-streams",
        title="Kinesis streams on demand",
        docs=_STREAMS,
        counts=(each(STREAM, where={"StreamModeDetails.StreamMode": ("ON_DEMAND",)}),),
        default=50,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
        usage=Call("kinesis", "DescribeLimits", "OnDemandStreamCount"),
        quota=Call("kinesis", "DescribeLimits", "OnDemandStreamCountLimit"),
    ),
    Limit(
        id="firehose-streams",
        key="firehose/L-14BB0BE7",
        title="Firehose streams",
        docs="https://docs.aws.amazon.com/firehose/latest/dev/limits.html",
        counts=(each("AWS::KinesisFirehose::DeliveryStream"),),
        default=100,  # up to 5,000 in large Regions
        grade=DefaultGrade.LIKELY,
        usage=Call(
            "firehose",
            "ListDeliveryStreams",
            "DeliveryStreamNames",
            {"Limit": 1000},
            token=("HasMoreDeliveryStreams && DeliveryStreamNames[-1]", "ExclusiveStartDeliveryStreamName"),
        ),
    ),
)
