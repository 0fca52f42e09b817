"""The limits of WAF that a deploy can reach: by Region, and once for CloudFront, which is asked in us-east-1."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each, value

DOCS = "https://docs.aws.amazon.com/waf/latest/developerguide/limits.html"


def _scoped(id_: str, code: str, title: str, type_: str, *, default: int | None, scope: str = "REGIONAL") -> Limit:
    list_, is_global = f"{type_}s", scope == "CLOUDFRONT"
    return Limit(
        id=id_,
        key=f"wafv2/{code}",
        title=title,
        docs=DOCS,
        counts=(each(f"AWS::WAFv2::{type_}", where={"Scope": (scope,)}),),
        default=default,
        grade=DefaultGrade.OPEN if default is None else DefaultGrade.VERIFIED,
        usage=Call(
            "wafv2", f"List{list_}", list_, {"Scope": scope}, region="us-east-1" if is_global else "",
            token=("NextMarker", "NextMarker"),
        ),
        is_global=is_global,
    )  # fmt: skip


ROWS = (
    _scoped("wafv2-web-acls", "L-2EC3DE7B", "Regional web ACLs", "WebACL", default=100),
    _scoped("wafv2-rule-groups", "L-C5BCD850", "Regional WAF rule groups", "RuleGroup", default=100),
    _scoped("wafv2-ip-sets", "L-D6DA96AE", "Regional IP sets", "IPSet", default=None),
    _scoped("wafv2-regex-pattern-sets", "L-BF0029B0", "Regional regex pattern sets", "RegexPatternSet", default=10),
    _scoped("wafv2-cloudfront-web-acls", "L-24189897", "Web ACLs for CloudFront", "WebACL",
            default=100, scope="CLOUDFRONT"),
    _scoped("wafv2-cloudfront-rule-groups", "L-9E2A3B2D", "WAF rule groups for CloudFront", "RuleGroup",
            default=100, scope="CLOUDFRONT"),
    _scoped("wafv2-cloudfront-regex-pattern-sets", "L-8973BE90", "Regex pattern sets for CloudFront",
            "RegexPatternSet", default=10, scope="CLOUDFRONT"),
    Limit(
        id="wafv2-rule-group-capacity",
        key="wafv2/rule-group-capacity",
        title="Capacity of a WAF rule group",
        docs="https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html",
        counts=(value("AWS::WAFv2::RuleGroup", "Capacity"),),
        unit="WCU",
        default=5000,
        adjustable=False,
    ),
)  # fmt: skip
