"""The limits of CloudFront that a deploy can reach; CloudFront is global."""

from tapctl.limits.row import Call, Limit, ValueKind, each, length

DOCS = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"
DISTRIBUTION = "AWS::CloudFront::Distribution"

_WITH_MANAGED = ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy")
"""The types of which AWS has some, which do not count."""


def _account(id_: str, name: str, title: str, type_: str, operation: str, *, default: int) -> Limit:
    """A limit of the account. A list without items has no `Items`, and its `Quantity` is that of the page."""
    parameters = {"Type": "custom"} if type_ in _WITH_MANAGED else {}
    return Limit(
        id=id_,
        key=f"cloudfront/{name}",
        title=title,
        docs=DOCS,
        counts=(each(f"AWS::CloudFront::{type_}"),),
        default=default,
        adjustable=name.startswith("L-"),
        usage=Call(
            "cloudfront", operation, f"[{type_}List.Quantity]", parameters, ValueKind.SUM,
            token=(f"{type_}List.NextMarker", "Marker"),
        ),
        is_global=True,
    )  # fmt: skip


def _per_distribution(id_: str, code: str, title: str, property_: str, default: int) -> Limit:
    return Limit(
        id=id_,
        key=f"cloudfront/{code}",
        title=title,
        docs=DOCS,
        counts=(length(DISTRIBUTION, f"DistributionConfig.{property_}"),),
        default=default,
        is_global=True,
    )


ROWS = (
    _account("cloudfront-distributions", "L-24B04930", "CloudFront distributions", "Distribution",
             "ListDistributions", default=500),
    _account("cloudfront-cache-policies", "L-7D134442", "Cache policies", "CachePolicy",
             "ListCachePolicies", default=20),
    _account("cloudfront-origin-request-policies", "L-C3659C43", "Origin request policies", "OriginRequestPolicy",
             "ListOriginRequestPolicies", default=20),
    _account("cloudfront-response-headers-policies", "L-CF0D4FC5", "Response headers policies",
             "ResponseHeadersPolicy", "ListResponseHeadersPolicies", default=20),
    _account("cloudfront-continuous-deployment-policies", "L-20E1C672", "Continuous deployment policies",
             "ContinuousDeploymentPolicy", "ListContinuousDeploymentPolicies", default=20),
    _account("cloudfront-origin-access-identities", "L-08884E5C", "Origin access identities",
             "CloudFrontOriginAccessIdentity", "ListCloudFrontOriginAccessIdentities", default=100),
    _account("cloudfront-origin-access-controls", "origin-access-controls", "Origin access controls",
             "OriginAccessControl", "ListOriginAccessControls", default=100),
    _account("cloudfront-functions", "functions", "CloudFront functions", "Function",
             "ListFunctions", default=100),
    _account("cloudfront-key-groups", "L-D64DA6E2", "Key groups", "KeyGroup", "ListKeyGroups", default=10),
    _account("cloudfront-public-keys", "public-keys", "Public keys of CloudFront", "PublicKey",
             "ListPublicKeys", default=10),
    _account("cloudfront-vpc-origins", "L-A53701DE", "VPC origins", "VpcOrigin",
             "ListVpcOrigins", default=25),
    _per_distribution("cloudfront-aliases-per-distribution", "L-AAD4943E", "Domain names per distribution",
                      "Aliases", 100),
    _per_distribution("cloudfront-behaviors-per-distribution", "L-F432D044", "Cache behaviors per distribution",
                      "CacheBehaviors", 75),
    _per_distribution("cloudfront-origins-per-distribution", "L-B4048FB4", "Origins per distribution", "Origins", 100),
)  # fmt: skip
