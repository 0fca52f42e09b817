"""The limits of EBS volumes that a deploy can reach; storage is counted in TiB."""

from tapctl.limits.row import Call, Limit, ValueKind, counted, total

DOCS = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html"
VOLUME = "AWS::EC2::Volume"
_HAVE_VOLUMES = (
    "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::EC2Fleet", "AWS::EC2::SpotFleet",
)  # fmt: skip
"""The types whose instances have volumes."""


def _volumes(kind: str, path: str, units: float = 1) -> Call:
    parameters = {"Filters": [{"Name": "volume-type", "Values": [kind]}]}
    return Call("ec2", "DescribeVolumes", f"Volumes[].{path}", parameters, ValueKind.SUM, units)


def _storage(kind: str, code: str, default: int) -> Limit:
    return Limit(
        id=f"ebs-{kind}-storage",
        key=f"ebs/{code}",
        title=f"Storage of {kind} volumes",
        docs=DOCS,
        counts=counted("ec2.volumes", VOLUME, *_HAVE_VOLUMES, argument=kind),
        unit="TiB",
        default=default,
        usage=_volumes(kind, "Size", 1 / 1024),
    )


def _iops(kind: str, code: str, default: int) -> Limit:
    return Limit(
        id=f"ebs-{kind}-iops",
        key=f"ebs/{code}",
        title=f"IOPS of {kind} volumes",
        docs=DOCS,
        counts=(total(VOLUME, "Iops", where={"VolumeType": (kind,)}),),
        unit="IOPS",
        default=default,
        usage=_volumes(kind, "Iops"),
    )


ROWS = (
    _storage("gp3", "L-7A658B76", 50),
    _storage("gp2", "L-D18FCD1D", 50),
    _storage("io1", "L-FD252861", 50),
    _storage("io2", "L-09BD8365", 20),
    _storage("st1", "L-82ACEF56", 50),
    _storage("sc1", "L-17AF77E8", 50),
    _storage("standard", "L-9CF3C2EB", 50),
    _iops("io1", "L-B3A130E6", 300_000),
    _iops("io2", "L-8D977E7E", 100_000),
    Limit(
        id="ebs-snapshots",
        key="ebs/L-309BACF6",
        title="Snapshots of volumes",
        docs=DOCS,
        # A volume that is to be kept as a snapshot becomes one when the stack gives it up.
        counts=counted("ec2.snapshots", VOLUME),
        default=100_000,
        usage=Call("ec2", "DescribeSnapshots", "Snapshots", {"OwnerIds": ["self"], "MaxResults": 1000}),
    ),
)
