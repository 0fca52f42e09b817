"""The limits of Elastic Load Balancing that a deploy can reach."""

from tapctl.limits.row import ABSENT, Call, DefaultGrade, Limit, ValueKind, counted, each, length, total

DOCS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"
_NETWORK = "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html"
_GATEWAY = "https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/quotas-limits.html"
BALANCER, TARGETS = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER, RULE = "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"
CERTIFICATES = "AWS::ElasticLoadBalancingV2::ListenerCertificate"


def _call(service: str, operation: str, path: str, *, parent: str = "") -> Call:
    return Call(service, operation, path, action=f"elasticloadbalancing:{operation}", parent=parent)


def _balancers(kind: str) -> Call:
    return _call("elbv2", "DescribeLoadBalancers", f"LoadBalancers[?Type=='{kind}']")


ROWS = (
    Limit(
        id="elasticloadbalancing-application-balancers",
        key="elasticloadbalancing/L-53DA6B97",
        title="Application Load Balancers",
        docs=DOCS,
        counts=(each(BALANCER, where={"Type": ("application", ABSENT)}),),
        default=50,
        usage=_balancers("application"),
    ),
    Limit(
        id="elasticloadbalancing-network-balancers",
        key="elasticloadbalancing/L-69A177A2",
        title="Network Load Balancers",
        docs=_NETWORK,
        counts=(each(BALANCER, where={"Type": ("network",)}),),
        default=50,
        usage=_balancers("network"),
    ),
    Limit(
        id="elasticloadbalancing-gateway-balancers",
        key="elasticloadbalancing/gateway-balancers",
        title="Gateway Load Balancers",
        docs=_GATEWAY,
        counts=(each(BALANCER, where={"Type": ("gateway",)}),),
        default=100,
        # AWS raises it, but publishes no code to ask for it.
        adjustable=False,
        usage=_balancers("gateway"),
        quota=_call(
            "elbv2",
            "DescribeAccountLimits",
            "to_number(Limits[?Name=='gateway-load-balancers'] | [0].Max)",
        ),
    ),
    Limit(
        id="elasticloadbalancing-classic-balancers",
        key="elasticloadbalancing/L-E9E9831D",
        title="Classic Load Balancers",
        docs="https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-limits.html",
        counts=(each("AWS::ElasticLoadBalancing::LoadBalancer"),),
        default=20,
        usage=_call("elb", "DescribeLoadBalancers", "LoadBalancerDescriptions"),
    ),
    Limit(
        id="elasticloadbalancing-target-groups",
        key="elasticloadbalancing/L-B22855CB",
        title="Target groups",
        docs=DOCS,
        counts=(each(TARGETS),),
        default=3000,
        usage=_call("elbv2", "DescribeTargetGroups", "TargetGroups"),
    ),
    Limit(
        id="elasticloadbalancing-geneve-target-groups",
        key="elasticloadbalancing/geneve-target-groups",
        title="Target groups of Gateway Load Balancers",
        docs=_GATEWAY,
        counts=(each(TARGETS, where={"Protocol": ("GENEVE",)}),),
        default=100,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
        usage=_call("elbv2", "DescribeTargetGroups", "TargetGroups[?Protocol=='GENEVE']"),
    ),
    Limit(
        id="elasticloadbalancing-target-groups-per-balancer",
        key="elasticloadbalancing/target-groups-per-balancer",
        title="Target groups per Application Load Balancer",
        docs=DOCS,
        counts=counted("elasticloadbalancing.target_groups", LISTENER, RULE),
        default=100,
        adjustable=False,
        usage=Call(
            "elbv2",
            "DescribeTargetGroups",
            "TargetGroups[].LoadBalancerArns[]",
            reading=ValueKind.TALLY,
            action="elasticloadbalancing:DescribeTargetGroups",
        ),
    ),
    Limit(
        id="elasticloadbalancing-rules-per-balancer",
        key="elasticloadbalancing/L-7EED9B64",
        title="Rules per Application Load Balancer",
        docs=DOCS,
        counts=counted("elasticloadbalancing.rules", RULE),
        default=100,
    ),
    Limit(
        id="elasticloadbalancing-listeners-per-application-balancer",
        key="elasticloadbalancing/L-B6DF7632",
        title="Listeners per Application Load Balancer",
        docs=DOCS,
        counts=counted("elasticloadbalancing.listeners", LISTENER, argument="application"),
        default=50,
        usage=_call("elbv2", "DescribeListeners", "Listeners", parent="LoadBalancerArn"),
    ),
    Limit(
        id="elasticloadbalancing-listeners-per-network-balancer",
        key="elasticloadbalancing/listeners-per-network-balancer",
        title="Listeners per Network Load Balancer",
        docs=_NETWORK,
        counts=counted("elasticloadbalancing.listeners", LISTENER, argument="network"),
        default=50,
        adjustable=False,
        usage=_call("elbv2", "DescribeListeners", "Listeners", parent="LoadBalancerArn"),
    ),
    Limit(
        id="elasticloadbalancing-certificates-per-balancer",
        key="elasticloadbalancing/L-9365A611",
        title="Certificates per Application Load Balancer",
        docs=DOCS,
        counts=counted("elasticloadbalancing.certificates", CERTIFICATES),
        default=25,
    ),
    Limit(
        id="elasticloadbalancing-targets-per-group",
        key="elasticloadbalancing/L-A0D0B863",
        title="Targets per target group",
        docs=DOCS,
        counts=(
            length(TARGETS, "Targets"),
            total("AWS::ECS::Service", "DesiredCount", per="LoadBalancers.TargetGroupArn", missing=1),
        ),
        default=1000,
        usage=_call("elbv2", "DescribeTargetHealth", "TargetHealthDescriptions", parent="TargetGroupArn"),
    ),
    Limit(
        id="elasticloadbalancing-targets-per-application-balancer",
        key="elasticloadbalancing/L-7E6692B2",
        title="Targets per Application Load Balancer",
        docs=DOCS,
        counts=counted("elasticloadbalancing.targets", TARGETS, argument="application"),
        default=1000,
    ),
    Limit(
        id="elasticloadbalancing-targets-per-network-balancer",
        key="elasticloadbalancing/L-EEF1AD04",
        title="Targets per Network Load Balancer",
        docs=_NETWORK,
        counts=counted("elasticloadbalancing.targets", TARGETS, argument="network"),
        default=3000,
    ),
    Limit(
        id="elasticloadbalancing-target-groups-per-action",
        key="elasticloadbalancing/target-groups-per-action",
        title="Target groups per action of a rule",
        docs=DOCS,
        counts=(
            length(RULE, "Actions.ForwardConfig.TargetGroups"),
            length(LISTENER, "DefaultActions.ForwardConfig.TargetGroups"),
        ),
        default=5,
        adjustable=False,
    ),
    Limit(
        id="elasticloadbalancing-condition-values-per-rule",
        key="elasticloadbalancing/condition-values-per-rule",
        title="Condition values per rule",
        docs=DOCS,
        counts=counted("elasticloadbalancing.condition_values", RULE),
        default=5,
        adjustable=False,
    ),
)
