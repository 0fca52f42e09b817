"""The limits of ECR that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, size

DOCS = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html"
REPOSITORY = "AWS::ECR::Repository"

ROWS = (
    Limit(
        id="ecr-repositories",
        key="ecr/L-CFEB8E8D",
        title="ECR repositories",
        docs=DOCS,
        counts=(each(REPOSITORY),),
        default=100_000,
        usage=Call("ecr", "DescribeRepositories", "repositories", {"maxResults": 1000}),
    ),
    Limit(
        id="ecr-pull-through-cache-rules",
        key="ecr/pull-through-cache-rules",
        title="Pull through cache rules",
        docs=DOCS,
        counts=(each("AWS::ECR::PullThroughCacheRule"),),
        default=50,
        adjustable=False,
        usage=Call("ecr", "DescribePullThroughCacheRules", "pullThroughCacheRules"),
    ),
    Limit(
        id="ecr-lifecycle-policy-size",
        key="ecr/lifecycle-policy-size",
        title="Length of a repository's lifecycle policy",
        docs=DOCS,
        counts=(size(REPOSITORY, "LifecyclePolicy.LifecyclePolicyText"),),
        unit="characters",
        default=30_720,
        adjustable=False,
    ),
)
