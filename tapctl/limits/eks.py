"""The limits of EKS that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each, length, value

DOCS = "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"
NODES, PROFILE = "AWS::EKS::Nodegroup", "AWS::EKS::FargateProfile"

ROWS = (
    Limit(
        id="eks-clusters",
        key="eks/L-1194D53C",
        title="EKS clusters",
        docs=DOCS,
        counts=(each("AWS::EKS::Cluster"),),
        default=100,
        grade=DefaultGrade.LIKELY,
        usage=Call("eks", "ListClusters", "clusters"),
    ),
    Limit(
        id="eks-node-groups-per-cluster",
        key="eks/L-6D54EA21",
        title="Managed node groups per EKS cluster",
        docs=DOCS,
        counts=(each(NODES, per="ClusterName"),),
        default=30,
        usage=Call("eks", "ListNodegroups", "nodegroups", parent="clusterName"),
    ),
    Limit(
        id="eks-nodes-per-group",
        key="eks/L-BD136A63",
        title="Nodes per managed node group",
        docs=DOCS,
        counts=(value(NODES, "ScalingConfig.MaxSize"),),
        default=450,
    ),
    Limit(
        id="eks-fargate-profiles-per-cluster",
        key="eks/L-33415657",
        title="Fargate profiles per EKS cluster",
        docs=DOCS,
        counts=(each(PROFILE, per="ClusterName"),),
        default=10,
        grade=DefaultGrade.LIKELY,
        usage=Call("eks", "ListFargateProfiles", "fargateProfileNames", parent="clusterName"),
    ),
    Limit(
        id="eks-selectors-per-fargate-profile",
        key="eks/L-D78D8AF8",
        title="Selectors per Fargate profile",
        docs=DOCS,
        counts=(length(PROFILE, "Selectors"),),
        default=5,
    ),
)
