"""The limits of VPCs that a deploy can reach."""

from tapctl.limits.row import ABSENT, ITSELF, PRESENT, Call, Limit, ValueKind, counted, each, length, size, tally, total

DOCS = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
ENDPOINT, GROUP, NAT, VPC = (
    "AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup", "AWS::EC2::NatGateway", "AWS::EC2::VPC",
)  # fmt: skip

_TAKES_ROOM = "NatGateways[?State!='deleted' && State!='failed']"
"""Pending and deleting NAT gateways count."""

ROWS = (
    Limit(
        id="vpc-vpcs",
        key="vpc/L-F678F1CE",
        title="VPCs",
        docs=DOCS,
        counts=(each(VPC),),
        default=5,
        usage=Call("ec2", "DescribeVpcs", "Vpcs"),
    ),
    Limit(
        id="vpc-internet-gateways",
        key="vpc/L-A4707A72",
        title="Internet gateways",
        docs=DOCS,
        counts=(each("AWS::EC2::InternetGateway"),),
        default=5,
        usage=Call("ec2", "DescribeInternetGateways", "InternetGateways"),
    ),
    Limit(
        id="vpc-egress-only-gateways",
        key="vpc/L-45FE3B85",
        title="Egress-only internet gateways",
        docs=DOCS,
        counts=(each("AWS::EC2::EgressOnlyInternetGateway"),),
        default=5,
        usage=Call("ec2", "DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways"),
    ),
    Limit(
        id="vpc-nat-gateways-per-zone",
        key="vpc/L-FE5A380F",
        title="NAT gateways per Availability Zone",
        docs=DOCS,
        counts=counted("vpc.nat_gateways", NAT),
        default=5,
        usage=tally(
            "ec2", "DescribeNatGateways", f"{_TAKES_ROOM}.SubnetId",
            groups=Call(
                "ec2", "DescribeSubnets", "Subnets[].[SubnetId, AvailabilityZone]", reading=ValueKind.GROUPS
            ),
        ),
    ),
    Limit(
        id="vpc-regional-nat-gateways-per-vpc",
        key="vpc/L-12E49864",
        title="Regional NAT gateways per VPC",
        docs=DOCS,
        counts=(each(NAT, per="VpcId", where={"AvailabilityMode": ("regional",)}),),
        default=5,
        usage=tally("ec2", "DescribeNatGateways", "NatGateways[?AvailabilityMode=='regional'].VpcId"),
    ),
    Limit(
        id="vpc-subnets-per-vpc",
        key="vpc/L-407747CB",
        title="Subnets per VPC",
        docs=DOCS,
        counts=(each("AWS::EC2::Subnet", per="VpcId"),),
        default=200,
        usage=tally("ec2", "DescribeSubnets", "Subnets[].VpcId"),
    ),
    Limit(
        id="vpc-route-tables-per-vpc",
        key="vpc/L-589F43AA",
        title="Route tables per VPC",
        docs=DOCS,
        # AWS creates a main route table along with a VPC.
        counts=(each("AWS::EC2::RouteTable", per="VpcId"), each(VPC, per=ITSELF)),
        default=200,
        usage=tally("ec2", "DescribeRouteTables", "RouteTables[].VpcId"),
    ),
    Limit(
        id="vpc-routes-per-table",
        key="vpc/L-93826ACB",
        title="Routes per route table and IP version",
        docs=DOCS,
        counts=counted("vpc.routes", "AWS::EC2::Route"),
        default=500,
        # The local route does not count, and neither does one that a virtual private gateway propagates.
        usage=Call(
            "ec2", "DescribeRouteTables",
            "RouteTables[].[RouteTableId, length(Routes[?Origin=='CreateRoute' && DestinationCidrBlock])]",
            reading=ValueKind.PAIRS,
        ),
    ),
    Limit(
        id="vpc-security-groups",
        key="vpc/L-E79EC296",
        title="Security groups",
        docs=DOCS,
        # AWS creates a default group along with a VPC.
        counts=(each(GROUP), each(VPC)),
        default=2500,
        usage=Call("ec2", "DescribeSecurityGroups", "SecurityGroups"),
    ),
    Limit(
        id="vpc-rules-per-security-group",
        key="vpc/L-0EA8095F",
        title="Rules per security group, direction and IP version",
        docs=DOCS,
        counts=counted(
            "vpc.security_group_rules", GROUP, "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
        ),
        default=60,
        usage=tally("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules[?!IsEgress].GroupId"),
    ),
    Limit(
        id="vpc-security-groups-per-interface",
        key="vpc/L-2AFB9258",
        title="Security groups per network interface",
        docs=DOCS,
        counts=(
            length("AWS::EC2::Instance", "SecurityGroupIds"),
            length("AWS::EC2::Instance", "NetworkInterfaces.GroupSet"),
            length("AWS::EC2::NetworkInterface", "GroupSet"),
            length("AWS::EC2::LaunchTemplate", "LaunchTemplateData.SecurityGroupIds"),
            length("AWS::EC2::LaunchTemplate", "LaunchTemplateData.NetworkInterfaces.Groups"),
            length(ENDPOINT, "SecurityGroupIds"),
            length("AWS::AutoScaling::LaunchConfiguration", "SecurityGroups"),
            length("AWS::Lambda::Function", "VpcConfig.SecurityGroupIds"),
            length("AWS::ElasticLoadBalancing::LoadBalancer", "SecurityGroups"),
            length("AWS::ElasticLoadBalancingV2::LoadBalancer", "SecurityGroups"),
            length("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"),
            length("AWS::EKS::Cluster", "ResourcesVpcConfig.SecurityGroupIds"),
            length("AWS::RDS::DBInstance", "VPCSecurityGroups"),
            length("AWS::RDS::DBCluster", "VpcSecurityGroupIds"),
            length("AWS::ApiGatewayV2::VpcLink", "SecurityGroupIds"),
        ),
        default=5,
    ),
    Limit(
        id="vpc-interface-endpoints-per-vpc",
        key="vpc/L-29B6F2EB",
        title="Interface VPC endpoints per VPC",
        docs=DOCS,
        counts=(each(ENDPOINT, per="VpcId", where={"VpcEndpointType": ("Interface", "GatewayLoadBalancer")}),),
        default=50,
        usage=tally("ec2", "DescribeVpcEndpoints", "VpcEndpoints[?VpcEndpointType!='Gateway'].VpcId"),
    ),
    Limit(
        id="vpc-gateway-endpoints",
        key="vpc/L-1B52E74A",
        title="Gateway VPC endpoints",
        docs=DOCS,
        counts=(each(ENDPOINT, where={"VpcEndpointType": ("Gateway", ABSENT)}),),
        default=20,
        usage=Call("ec2", "DescribeVpcEndpoints", "VpcEndpoints[?VpcEndpointType=='Gateway']"),
    ),
    Limit(
        id="vpc-network-acls-per-vpc",
        key="vpc/L-B4A6D682",
        title="Network ACLs per VPC",
        docs=DOCS,
        # AWS creates a default network ACL along with a VPC.
        counts=(each("AWS::EC2::NetworkAcl", per="VpcId"), each(VPC, per=ITSELF)),
        default=200,
        usage=tally("ec2", "DescribeNetworkAcls", "NetworkAcls[].VpcId"),
    ),
    Limit(
        id="vpc-addresses-per-nat-gateway",
        key="vpc/L-5F53652F",
        title="Secondary Elastic IP addresses per NAT gateway",
        docs=DOCS,
        counts=(length(NAT, "SecondaryAllocationIds"),),
        default=2,
    ),
    Limit(
        id="vpc-cidr-blocks-per-vpc",
        key="vpc/L-83CA0A9D",
        title="IPv4 CIDR blocks per VPC",
        docs=DOCS,
        counts=(
            each("AWS::EC2::VPCCidrBlock", per="VpcId", where={"AmazonProvidedIpv6CidrBlock": (ABSENT, "false")}),
            each(VPC, per=ITSELF),
        ),
        default=5,
        usage=Call(
            "ec2", "DescribeVpcs", "Vpcs[].[VpcId, length(CidrBlockAssociationSet)]", reading=ValueKind.PAIRS
        ),
    ),
    Limit(
        id="vpc-peerings-per-vpc",
        key="vpc/L-7E9ECCDB",
        title="Active VPC peering connections per VPC",
        docs=DOCS,
        counts=(each("AWS::EC2::VPCPeeringConnection", per="VpcId"),),
        default=50,
        usage=tally(
            "ec2", "DescribeVpcPeeringConnections",
            "VpcPeeringConnections[?Status.Code=='active'].[RequesterVpcInfo.VpcId, AccepterVpcInfo.VpcId][]",
        ),
    ),
    Limit(
        id="vpc-network-interfaces",
        key="vpc/L-DF5E4CA3",
        title="Network interfaces",
        docs=DOCS,
        # What else has interfaces, such as functions in a VPC, makes as many as it needs.
        counts=(
            each("AWS::EC2::NetworkInterface"),
            each("AWS::EC2::Instance", where={"NetworkInterfaces": (ABSENT,)}),
            length("AWS::EC2::Instance", "NetworkInterfaces", per=""),
            each(NAT),
            length(ENDPOINT, "SubnetIds", per=""),
            each("AWS::EFS::MountTarget"),
            each("AWS::ElasticLoadBalancingV2::LoadBalancer", units=2),  # one in each of two subnets or more
            total("AWS::ECS::Service", "DesiredCount", where={"NetworkConfiguration": (PRESENT,)}, missing=1),
            each("AWS::RDS::DBInstance"),
        ),
        default=5000,
        usage=Call("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", {"MaxResults": 1000}),
    ),
    Limit(
        id="vpc-rules-per-network-acl",
        key="vpc/L-2AEEBF1A",
        title="Rules per network ACL, direction and IP version",
        docs=DOCS,
        counts=counted("vpc.network_acl_rules", "AWS::EC2::NetworkAclEntry"),
        default=20,
        usage=Call(
            "ec2", "DescribeNetworkAcls",
            "NetworkAcls[].[NetworkAclId, length(Entries[?!Egress && CidrBlock])]",
            reading=ValueKind.PAIRS,
        ),
    ),
    Limit(
        id="vpc-endpoint-policy-size",
        key="vpc/endpoint-policy-size",
        title="Length of a VPC endpoint policy",
        docs=DOCS,
        counts=(size(ENDPOINT, "PolicyDocument"),),
        unit="characters",
        default=20_480,
        adjustable=False,
    ),
)  # fmt: skip
