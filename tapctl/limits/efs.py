"""The limits of EFS that a deploy can reach."""

from tapctl.limits.row import Call, Limit, ValueKind, counted, each, length

DOCS = "https://docs.aws.amazon.com/efs/latest/ug/limits.html"
TARGET = "AWS::EFS::MountTarget"

ROWS = (
    Limit(
        id="elasticfilesystem-file-systems",
        key="elasticfilesystem/L-848C634D",
        title="EFS file systems",
        docs=DOCS,
        counts=(each("AWS::EFS::FileSystem"),),
        default=1000,
        usage=Call("efs", "DescribeFileSystems", "FileSystems", action="elasticfilesystem:DescribeFileSystems"),
    ),
    Limit(
        id="elasticfilesystem-access-points-per-file-system",
        key="elasticfilesystem/access-points-per-file-system",
        title="Access points per EFS file system",
        docs=DOCS,
        counts=(each("AWS::EFS::AccessPoint", per="FileSystemId"),),
        default=10_000,
        adjustable=False,
        usage=Call(
            "efs",
            "DescribeAccessPoints",
            "AccessPoints[].FileSystemId",
            reading=ValueKind.TALLY,
            action="elasticfilesystem:DescribeAccessPoints",
        ),
    ),
    Limit(
        id="elasticfilesystem-mount-targets-per-vpc",
        key="elasticfilesystem/mount-targets-per-vpc",
        title="EFS mount targets per VPC",
        docs=DOCS,
        counts=counted("efs.mount_targets_per_vpc", TARGET),
        default=1400,
        adjustable=False,
    ),
    Limit(
        id="elasticfilesystem-mount-targets-per-zone",
        key="elasticfilesystem/mount-targets-per-zone",
        title="Mount targets per EFS file system and Availability Zone",
        docs=DOCS,
        counts=counted("efs.mount_targets_per_zone", TARGET),
        default=1,
        adjustable=False,
    ),
    Limit(
        id="elasticfilesystem-security-groups-per-mount-target",
        key="elasticfilesystem/security-groups-per-mount-target",
        title="Security groups per EFS mount target",
        docs=DOCS,
        counts=(length(TARGET, "SecurityGroups"),),
        default=5,
        adjustable=False,
    ),
)
