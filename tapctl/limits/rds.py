"""The limits of RDS that a deploy can reach; instances of DocumentDB and Neptune count toward them."""

from tapctl.limits.row import Call, Count, Limit, counted, each, length, tally

DOCS = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"
INSTANCE = "AWS::RDS::DBInstance"
_SERVICES = ("RDS", "DocDB", "Neptune")


def _account(name: str, member: str) -> Call:
    """A number of DescribeAccountAttributes, which is exact."""
    path = f"AccountQuotas[?AccountQuotaName=='{name}'] | [0].{member}"
    return Call("rds", "DescribeAccountAttributes", path)


def _limit(
    id_: str, code: str, title: str, name: str, counts: tuple[Count, ...], *, default: int, unit: str = ""
) -> Limit:
    """A limit of the account whose usage and applied value DescribeAccountAttributes gives."""
    return Limit(
        id=id_,
        key=f"rds/{code}",
        title=title,
        docs=DOCS,
        counts=counts,
        unit=unit,
        default=default,
        usage=_account(name, "Used"),
        quota=_account(name, "Max"),
    )


def _each(resource: str, *services: str) -> tuple[Count, ...]:
    return tuple(each(f"AWS::{service}::{resource}") for service in services)


ROWS = (
    _limit("rds-instances", "L-7B6409FD", "Database instances", "DBInstances",
           _each("DBInstance", *_SERVICES), default=40),
    _limit("rds-clusters", "L-952B80B8", "Database clusters", "DBClusters",
           _each("DBCluster", *_SERVICES), default=40),
    _limit("rds-subnet-groups", "L-48C6BF61", "Database subnet groups", "DBSubnetGroups",
           _each("DBSubnetGroup", *_SERVICES), default=50),
    _limit("rds-parameter-groups", "L-DE55804A", "RDS parameter groups", "DBParameterGroups",
           _each("DBParameterGroup", "RDS"), default=50),
    _limit("rds-cluster-parameter-groups", "L-E4C808A8", "Database cluster parameter groups",
           "DBClusterParameterGroups", _each("DBClusterParameterGroup", *_SERVICES), default=50),
    _limit("rds-option-groups", "L-9FA33840", "RDS option groups", "OptionGroups",
           _each("OptionGroup", "RDS"), default=20),
    _limit("rds-event-subscriptions", "L-A59F4C87", "Event subscriptions of databases", "EventSubscriptions",
           _each("EventSubscription", *_SERVICES), default=20),
    _limit("rds-storage", "L-7ADDB58A", "Storage of database instances", "AllocatedStorage",
           counted("rds.storage", INSTANCE), default=100_000, unit="GB"),
    Limit(
        id="rds-replicas-per-instance",
        key="rds/L-5BC124EF",
        title="Read replicas per database instance",
        docs=DOCS,
        counts=(each(INSTANCE, per="SourceDBInstanceIdentifier"),),
        default=15,
        usage=tally("rds", "DescribeDBInstances", "DBInstances[].ReadReplicaSourceDBInstanceIdentifier"),
    ),
    Limit(
        id="rds-proxies",
        key="rds/L-D94C7EA3",
        title="RDS proxies",
        docs="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html",
        counts=(each("AWS::RDS::DBProxy"),),
        default=20,
        usage=Call("rds", "DescribeDBProxies", "DBProxies"),
    ),
    Limit(
        id="rds-subnets-per-group",
        key="rds/subnets-per-group",
        title="Subnets per database subnet group",
        docs=DOCS,
        counts=tuple(length(f"AWS::{service}::DBSubnetGroup", "SubnetIds") for service in _SERVICES),
        default=20,
        adjustable=False,
    ),
)  # fmt: skip
