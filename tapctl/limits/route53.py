"""The limits of Route 53, which is global, and of its resolver, which is not, that a deploy can reach."""

from tapctl.limits.row import Call, Limit, ValueKind, counted, each, length

DOCS = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"
_OWN = "?ShareStatus!='SHARED_WITH_ME'"
"""What another account shares counts there."""


def _account(id_: str, code: str, title: str, type_: str, name: str, *, default: int) -> Limit:
    """A limit of the account, of which GetAccountLimit gives the usage and the applied value."""
    usage, quota = (Call("route53", "GetAccountLimit", path, {"Type": name}) for path in ("Count", "Limit.Value"))
    return Limit(
        id=id_,
        key=f"route53/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_),),
        default=default,
        usage=usage,
        quota=quota,
        is_global=True,
    )


def _resolver(id_: str, code: str, title: str, type_: str, path: str, *, default: int) -> Limit:
    return Limit(
        id=id_,
        key=f"route53resolver/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_),),
        default=default,
        usage=Call("route53resolver", f"List{path.partition('[')[0]}", path),
    )


ROWS = (
    _account("route53-hosted-zones", "L-4EA4796A", "Hosted zones", "AWS::Route53::HostedZone",
             "MAX_HOSTED_ZONES_BY_OWNER", default=500),
    _account("route53-health-checks", "L-ACB674F3", "Health checks", "AWS::Route53::HealthCheck",
             "MAX_HEALTH_CHECKS_BY_OWNER", default=200),
    Limit(
        id="route53-records-per-zone",
        key="route53/L-E209CC9F",
        title="Records per hosted zone",
        docs=DOCS,
        counts=counted("route53.records", "AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"),
        default=10_000,
        # A record names its zone by the id or by the name.
        usage=Call(
            "route53", "ListHostedZones",
            "HostedZones[].[[Id, ResourceRecordSetCount], [Name, ResourceRecordSetCount]][]", reading=ValueKind.PAIRS,
        ),
        is_global=True,
    ),
    Limit(
        id="route53-vpcs-per-zone",
        key="route53/L-84B40094",
        title="VPCs per private hosted zone",
        docs=DOCS,
        counts=(length("AWS::Route53::HostedZone", "VPCs"),),
        default=300,
        is_global=True,
    ),
    Limit(
        id="route53-cidr-collections",
        key="route53/L-AD61772F",
        title="CIDR collections",
        docs=DOCS,
        counts=(each("AWS::Route53::CidrCollection"),),
        default=5,
        usage=Call("route53", "ListCidrCollections", "CidrCollections"),
        is_global=True,
    ),
    _resolver("route53resolver-endpoints", "L-4A669CC0", "Resolver endpoints",
              "AWS::Route53Resolver::ResolverEndpoint", "ResolverEndpoints", default=4),
    # Only AWS makes recursive rules.
    _resolver("route53resolver-rules", "L-51D8A1FB", "Resolver rules", "AWS::Route53Resolver::ResolverRule",
              f"ResolverRules[{_OWN} && RuleType!='RECURSIVE']", default=1000),
    _resolver("route53resolver-rule-associations", "L-94E19253", "Associations of resolver rules with VPCs",
              "AWS::Route53Resolver::ResolverRuleAssociation",
              "ResolverRuleAssociations[?!starts_with(Id, 'rslvr-autodefined')]", default=2000),
    _resolver("route53resolver-firewall-rule-groups", "L-02CC8B74", "DNS Firewall rule groups",
              "AWS::Route53Resolver::FirewallRuleGroup", f"FirewallRuleGroups[{_OWN}]", default=1000),
    Limit(
        id="route53resolver-addresses-per-endpoint",
        key="route53resolver/L-D2FE9758",
        title="IP addresses per resolver endpoint",
        docs=DOCS,
        counts=(length("AWS::Route53Resolver::ResolverEndpoint", "IpAddresses"),),
        default=6,
    ),
)  # fmt: skip
