"""The limits of EC2 that a deploy can reach."""

from tapctl.limits.row import ITSELF, Call, DefaultGrade, Limit, Metric, ValueKind, counted, each, tally

DOCS = "https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html"
_TRANSIT = "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-quotas.html"
_VPN = "https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-limits.html"

RUNNING = (
    "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EKS::Nodegroup", "AWS::EC2::EC2Fleet",
    "AWS::EC2::SpotFleet",
)  # fmt: skip
"""The types that run instances."""


def _vcpus(family: str, market: str, code: str, title: str, default: int | None) -> Limit:
    """The vCPU of one family of instances, on demand or Spot, by the class that AWS/Usage has."""
    class_ = f"{family}/{market}"
    kind = "on-demand" if market == "OnDemand" else "spot"
    return Limit(
        id=f"ec2-{kind}-{family.lower()}-vcpus",
        key=f"ec2/{code}",
        title=title,
        docs=DOCS,
        counts=counted("ec2.vcpus", *RUNNING, argument=class_),
        unit="vCPU",
        default=default,
        grade=DefaultGrade.OPEN if default is None else DefaultGrade.VERIFIED,
        usage=Metric("EC2", "vCPU", class_),
        later=counted("ec2.vcpus_at_maximum", *RUNNING, argument=class_),
    )


def _not_deleted(operation: str, path: str) -> Call:
    """EC2 lists what was deleted for a while."""
    return Call("ec2", operation, f"{path}[?State!='deleted']")


ROWS = (
    _vcpus("Standard", "OnDemand", "L-1216C47A", "vCPU of on-demand instances, standard families", 5),
    _vcpus("G", "OnDemand", "L-DB2E81BA", "vCPU of on-demand G and VT instances", 0),
    _vcpus("P", "OnDemand", "L-417A185B", "vCPU of on-demand P instances", 0),
    _vcpus("F", "OnDemand", "L-74FC7D96", "vCPU of on-demand F instances", 0),
    _vcpus("Inf", "OnDemand", "L-1945791B", "vCPU of on-demand Inf instances", 0),
    _vcpus("X", "OnDemand", "L-7295265B", "vCPU of on-demand X instances", 0),
    _vcpus("HighMem", "OnDemand", "L-43DA4232", "vCPU of on-demand high memory instances", 0),
    _vcpus("Trn", "OnDemand", "L-2C3B7624", "vCPU of on-demand Trn instances", 0),
    _vcpus("DL", "OnDemand", "L-6E869C2A", "vCPU of on-demand DL instances", 0),
    _vcpus("HPC", "OnDemand", "L-F7808C92", "vCPU of on-demand HPC instances", 0),
    _vcpus("Standard", "Spot", "L-34B43A08", "vCPU of Spot instances, standard families", 5),
    _vcpus("G", "Spot", "L-3819A6DF", "vCPU of G and VT Spot instances", 0),
    _vcpus("P", "Spot", "L-7212CCBC", "vCPU of P Spot instances", 0),
    _vcpus("P5", "Spot", "L-C4BD4855", "vCPU of P5 Spot instances", None),
    _vcpus("Inf", "Spot", "L-B5D1601B", "vCPU of Inf Spot instances", 0),
    _vcpus("X", "Spot", "L-E3A00192", "vCPU of X Spot instances", 0),
    _vcpus("F", "Spot", "L-88CF9481", "vCPU of F Spot instances", 0),
    _vcpus("Trn", "Spot", "L-6B0D517C", "vCPU of Trn Spot instances", 0),
    _vcpus("DL", "Spot", "L-85EED4F7", "vCPU of DL Spot instances", 0),
    Limit(
        id="ec2-elastic-ips",
        key="ec2/L-0263D0A3",
        title="Elastic IP addresses",
        docs="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
        # An address of a pool that the account brought along does not count.
        counts=(each("AWS::EC2::EIP", where={"PublicIpv4Pool": (None, "amazon")}),),
        default=5,
        usage=Call("ec2", "DescribeAddresses", "Addresses[?!PublicIpv4Pool || PublicIpv4Pool=='amazon']"),
    ),
    Limit(
        id="ec2-launch-templates",
        key="ec2/L-FB451C26",
        title="Launch templates",
        docs="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-template-restrictions.html",
        counts=(each("AWS::EC2::LaunchTemplate"),),
        default=5000,
        adjustable=False,
        usage=Call("ec2", "DescribeLaunchTemplates", "LaunchTemplates"),
    ),
    Limit(
        id="ec2-launch-template-versions",
        key="ec2/launch-template-versions",
        title="Versions per launch template",
        docs="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-template-restrictions.html",
        # An update adds a version; those that were deleted count in the number of the newest one.
        counts=(each("AWS::EC2::LaunchTemplate", per=ITSELF),),
        default=10_000,
        adjustable=False,
        usage=Call(
            "ec2",
            "DescribeLaunchTemplates",
            "LaunchTemplates[].[LaunchTemplateId, LatestVersionNumber]",
            reading=ValueKind.PAIRS,
        ),
        at_most=True,
    ),
    Limit(
        id="ec2-transit-gateways",
        key="ec2/L-A2478D36",
        title="Transit gateways",
        docs=_TRANSIT,
        counts=(each("AWS::EC2::TransitGateway"),),
        default=5,
        grade=DefaultGrade.LIKELY,
        usage=_not_deleted("DescribeTransitGateways", "TransitGateways"),
    ),
    Limit(
        id="ec2-attachments-per-transit-gateway",
        key="ec2/L-E0233F82",
        title="Attachments per transit gateway",
        docs=_TRANSIT,
        counts=(
            each("AWS::EC2::TransitGatewayAttachment", per="TransitGatewayId"),
            each("AWS::EC2::TransitGatewayVpcAttachment", per="TransitGatewayId"),
        ),
        default=5000,
        grade=DefaultGrade.LIKELY,
        usage=tally(
            "ec2", "DescribeTransitGatewayAttachments", "TransitGatewayAttachments[?State!='deleted'].TransitGatewayId"
        ),
    ),
    Limit(
        id="ec2-route-tables-per-transit-gateway",
        key="ec2/L-43872EB7",
        title="Route tables per transit gateway",
        docs=_TRANSIT,
        counts=(each("AWS::EC2::TransitGatewayRouteTable", per="TransitGatewayId"),),
        default=20,
        grade=DefaultGrade.LIKELY,
        usage=tally(
            "ec2",
            "DescribeTransitGatewayRouteTables",
            "TransitGatewayRouteTables[?State!='deleted'].TransitGatewayId",
        ),
    ),
    Limit(
        id="ec2-vpn-connections",
        key="ec2/L-3E6EC3A3",
        title="VPN connections",
        docs=_VPN,
        counts=(each("AWS::EC2::VPNConnection"),),
        default=50,
        grade=DefaultGrade.LIKELY,
        usage=_not_deleted("DescribeVpnConnections", "VpnConnections"),
    ),
    Limit(
        id="ec2-customer-gateways",
        key="ec2/L-4FB7FF5D",
        title="Customer gateways",
        docs=_VPN,
        counts=(each("AWS::EC2::CustomerGateway"),),
        default=50,
        grade=DefaultGrade.LIKELY,
        usage=_not_deleted("DescribeCustomerGateways", "CustomerGateways"),
    ),
    Limit(
        id="ec2-virtual-private-gateways",
        key="ec2/L-7029FAB6",
        title="Virtual private gateways",
        docs=_VPN,
        counts=(each("AWS::EC2::VPNGateway"),),
        default=5,
        grade=DefaultGrade.LIKELY,
        usage=_not_deleted("DescribeVpnGateways", "VpnGateways"),
    ),
    Limit(
        id="ec2-client-vpn-endpoints",
        key="ec2/L-8EA77D34",
        title="Client VPN endpoints",
        docs="https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html",
        counts=(each("AWS::EC2::ClientVpnEndpoint"),),
        default=5,
        grade=DefaultGrade.LIKELY,
        usage=Call("ec2", "DescribeClientVpnEndpoints", "ClientVpnEndpoints[?Status.Code!='deleted']"),
    ),
)
