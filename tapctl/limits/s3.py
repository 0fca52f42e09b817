"""The limits of S3 that a deploy can reach; buckets are counted over all Regions."""

from tapctl.limits.row import ACCOUNT_ID, Call, Limit, each, length, size

DOCS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html"
BUCKET = "AWS::S3::Bucket"

ROWS = (
    Limit(
        id="s3-buckets",
        key="s3/L-DC2B2D3D",
        title="S3 general purpose buckets",
        docs=DOCS,
        counts=(each(BUCKET),),
        default=10_000,
        # Without a page size an account of more than 10,000 buckets is refused.
        usage=Call("s3", "ListBuckets", "Buckets", {"MaxBuckets": 1000}, action="s3:ListAllMyBuckets"),
        is_global=True,
    ),
    Limit(
        id="s3-directory-buckets",
        key="s3/L-775A314D",
        title="S3 directory buckets",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-create.html",
        counts=(each("AWS::S3Express::DirectoryBucket"),),
        default=100,
        usage=Call("s3", "ListDirectoryBuckets", "Buckets", action="s3express:ListAllMyDirectoryBuckets"),
    ),
    Limit(
        id="s3-access-points",
        key="s3/L-FAABEEBA",
        title="S3 access points",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html",
        counts=(each("AWS::S3::AccessPoint"),),
        default=10_000,
        usage=Call(
            "s3control",
            "ListAccessPoints",
            "AccessPointList",
            {"AccountId": ACCOUNT_ID, "MaxResults": 1000},
            action="s3:ListAccessPoints",
            token=("NextToken", "NextToken"),
        ),
    ),
    Limit(
        id="s3-multi-region-access-points",
        key="s3/multi-region-access-points",
        title="S3 Multi-Region Access Points",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointRestrictions.html",
        counts=(each("AWS::S3::MultiRegionAccessPoint"),),
        default=100,
        adjustable=False,
        usage=Call(
            "s3control",
            "ListMultiRegionAccessPoints",
            "AccessPoints",
            {"AccountId": ACCOUNT_ID},
            region="us-west-2",
            action="s3:ListMultiRegionAccessPoints",
            token=("NextToken", "NextToken"),
        ),
        is_global=True,
    ),
    Limit(
        id="s3-lifecycle-rules",
        key="s3/lifecycle-rules",
        title="Lifecycle rules per bucket",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-set-lifecycle-configuration-intro.html",
        counts=(length(BUCKET, "LifecycleConfiguration.Rules"),),
        default=1000,
        adjustable=False,
    ),
    Limit(
        id="s3-replication-rules",
        key="s3/replication-rules",
        title="Replication rules per bucket",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html",
        counts=(length(BUCKET, "ReplicationConfiguration.Rules"),),
        default=1000,
        adjustable=False,
    ),
    Limit(
        id="s3-event-notifications",
        key="s3/event-notifications",
        title="Event notifications per bucket",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html",
        counts=(
            length(BUCKET, "NotificationConfiguration.LambdaConfigurations"),
            length(BUCKET, "NotificationConfiguration.QueueConfigurations"),
            length(BUCKET, "NotificationConfiguration.TopicConfigurations"),
        ),
        default=100,
        adjustable=False,
    ),
    Limit(
        id="s3-bucket-policy-size",
        key="s3/bucket-policy-size",
        title="Length of a bucket policy",
        docs="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
        counts=(size("AWS::S3::BucketPolicy", "PolicyDocument"),),
        unit="characters",
        default=20_480,
        adjustable=False,
    ),
)
