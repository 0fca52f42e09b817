"""The limits of VPC Lattice that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html"

ROWS = (
    Limit(
        id="vpc-lattice-services",
        key="vpc-lattice/L-620C821E",
        title="VPC Lattice services",
        docs=DOCS,
        counts=(each("AWS::VpcLattice::Service"),),
        grade=DefaultGrade.OPEN,
        usage=Call("vpc-lattice", "ListServices", "items"),
    ),
    Limit(
        id="vpc-lattice-target-groups",
        key="vpc-lattice/L-BB11C6B9",
        title="VPC Lattice target groups",
        docs=DOCS,
        counts=(each("AWS::VpcLattice::TargetGroup"),),
        default=500,
        usage=Call("vpc-lattice", "ListTargetGroups", "items"),
    ),
)
