"""The resources behind a stack, each asked by its own API whether it is alive and as the template says.

A property that the API does not show back is `not checked`, never passed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws import Aws, readable
from tapctl.headroom.number import whole_number
from tapctl.template.resolve import ResourceReference
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, Status, expect
from tapctl.verify.subject import Deployed, is_known


@dataclass(frozen=True, slots=True)
class Live:
    """One resource: what the template says of it, and where to ask."""

    aws: Aws
    logical_id: str
    physical_id: str
    properties: Mapping[str, Any]
    siblings: Mapping[str, str]
    """The physical ids of the whole stack, by logical id."""

    def ask(self, service: str, permission: str, read: Callable[[Any], Any]) -> Any:
        """The answer, or Unknown with the permission that is missing."""
        return readable(f"{service}:{permission}", lambda: read(self.aws.client(service)))

    def compare(self, what: str, name: str, found: object, default: object = None) -> Check:
        """A property against what the API shows; `default` is what AWS takes where the template says nothing."""
        wanted = self.properties.get(name, default)
        if not is_known(wanted):
            return Check(self.logical_id, Status.NOT_CHECKED, f"{what}: the template's value is known only to AWS")
        return expect(self.logical_id, what, _comparable(wanted), _comparable(found))

    def unseen(self, unknown: Unknown) -> Check:
        gone = "NotFound" in unknown.reason or "not found" in unknown.reason or "does not exist" in unknown.reason
        status = Status.FAILED if gone else Status.NOT_CHECKED
        return Check(self.logical_id, status, unknown.reason, unknown.settle or None)


def check_resources(aws: Aws, deployed: Deployed) -> list[Callable[[], list[Check]]]:
    """One job a resource that a checker exists for; they may run in parallel."""
    jobs: list[Callable[[], list[Check]]] = []
    for resource in deployed.template.resources():
        physical = deployed.physical.get(resource.logical_id)
        if checker := CHECKERS.get(resource.type):
            exists = deployed.resolver.exists(resource.condition, ("Resources", resource.logical_id))
            if exists is False:
                continue
            jobs.append(_job(checker, aws, deployed, resource.logical_id, physical))
    return jobs


def unchecked(deployed: Deployed) -> list[Check]:
    """What no checker exists for, said in one line a type rather than passed over."""
    types = [
        each.type
        for each in deployed.template.resources()
        if each.type not in CHECKERS and each.logical_id in deployed.physical
    ]
    return [
        Check(kind, Status.NOT_CHECKED, f"{types.count(kind)} of this type; CloudFormation's word is taken for it")
        for kind in dict.fromkeys(types)
    ]


def _job(
    checker: Callable[[Live], Iterator[Check]], aws: Aws, deployed: Deployed, logical_id: str, physical: str | None
) -> Callable[[], list[Check]]:
    def run() -> list[Check]:
        if not physical:
            return [Check(logical_id, Status.FAILED, "it is not in the stack")]
        properties = deployed.properties(logical_id)
        return list(checker(Live(aws, logical_id, physical, properties, deployed.physical)))

    return run


def _function(live: Live) -> Iterator[Check]:
    found = live.ask(
        "lambda", "GetFunctionConfiguration", lambda c: c.get_function_configuration(FunctionName=live.physical_id)
    )
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    yield expect(live.logical_id, "state", "Active", found.get("State"))
    if "Runtime" in live.properties:
        yield live.compare("runtime", "Runtime", found.get("Runtime"))
    yield live.compare("architecture", "Architectures", found.get("Architectures"), ["x86_64"])
    yield live.compare("memory", "MemorySize", found.get("MemorySize"), 128)
    yield live.compare("timeout", "Timeout", found.get("Timeout"), 3)
    tracing = found.get("TracingConfig", {}).get("Mode")
    wanted = live.properties.get("TracingConfig", {"Mode": "PassThrough"})
    yield expect(live.logical_id, "tracing", wanted.get("Mode"), tracing)
    if "KmsKeyArn" in live.properties:
        yield _encrypted(live, "environment", "KmsKeyArn", found.get("KMSKeyArn"))
    yield from _reservation(live)


def _reservation(live: Live) -> Iterator[Check]:
    found = live.ask(
        "lambda", "GetFunctionConcurrency", lambda c: c.get_function_concurrency(FunctionName=live.physical_id)
    )
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    wanted = live.properties.get("ReservedConcurrentExecutions")
    if isinstance(wanted, Unknown):
        yield Check(live.logical_id, Status.NOT_CHECKED, f"reserved concurrency: {wanted.reason}")
        return
    reserved = None if wanted is None else whole_number(wanted)
    yield expect(live.logical_id, "reserved concurrency", reserved, found.get("ReservedConcurrentExecutions"))


def _table(live: Live) -> Iterator[Check]:
    found = live.ask("dynamodb", "DescribeTable", lambda c: c.describe_table(TableName=live.physical_id)["Table"])
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    yield expect(live.logical_id, "status", "ACTIVE", found.get("TableStatus"))
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    yield live.compare("billing mode", "BillingMode", billing, "PROVISIONED")
    if (live.properties.get("SSESpecification") or {}).get("SSEEnabled"):
        sse = found.get("SSEDescription", {}).get("Status")
        yield expect(live.logical_id, "encryption", "ENABLED", sse)
    recovery = live.properties.get("PointInTimeRecoverySpecification") or {}
    if recovery.get("PointInTimeRecoveryEnabled"):
        yield from _recovery(live)
    if ttl := live.properties.get("TimeToLiveSpecification"):
        yield from _expiry(live, ttl)


def _recovery(live: Live) -> Iterator[Check]:
    found = live.ask(
        "dynamodb", "DescribeContinuousBackups", lambda c: c.describe_continuous_backups(TableName=live.physical_id)
    )
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    backups = found["ContinuousBackupsDescription"]
    status = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    yield expect(live.logical_id, "point-in-time recovery", "ENABLED", status)


def _expiry(live: Live, wanted: Mapping[str, Any]) -> Iterator[Check]:
    found = live.ask("dynamodb", "DescribeTimeToLive", lambda c: c.describe_time_to_live(TableName=live.physical_id))
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    attribute = found["TimeToLiveDescription"].get("AttributeName")
    yield expect(live.logical_id, "expiry attribute", wanted.get("AttributeName"), attribute)


def _key(live: Live) -> Iterator[Check]:
    found = live.ask("kms", "DescribeKey", lambda c: c.describe_key(KeyId=live.physical_id)["KeyMetadata"])
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    yield expect(live.logical_id, "state", "Enabled", found.get("KeyState"))
    if live.properties.get("EnableKeyRotation") in (True, "true"):
        rotation = live.ask("kms", "GetKeyRotationStatus", lambda c: c.get_key_rotation_status(KeyId=live.physical_id))
        if isinstance(rotation, Unknown):
            yield live.unseen(rotation)
        else:
            yield expect(live.logical_id, "yearly rotation", True, rotation.get("KeyRotationEnabled"))


def _key_alias(live: Live) -> Iterator[Check]:
    found = live.ask("kms", "DescribeKey", lambda c: c.describe_key(KeyId=live.physical_id)["KeyMetadata"])
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    target = live.properties.get("TargetKeyId")
    if isinstance(target, str):
        yield expect(live.logical_id, "key", target.rsplit("/", 1)[-1], found.get("KeyId"))


def _log_group(live: Live) -> Iterator[Check]:
    found = live.ask(
        "logs",
        "DescribeLogGroups",
        lambda c: c.describe_log_groups(logGroupNamePrefix=live.physical_id)["logGroups"],
    )
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    group = next((each for each in found if each["logGroupName"] == live.physical_id), None)
    if group is None:
        yield Check(live.logical_id, Status.FAILED, f"there is no log group {live.physical_id}")
        return
    yield live.compare("retention in days", "RetentionInDays", group.get("retentionInDays"))
    if "KmsKeyId" in live.properties:
        yield _encrypted(live, "log group", "KmsKeyId", group.get("kmsKeyId"))


def _role(live: Live) -> Iterator[Check]:
    found = live.ask("iam", "GetRole", lambda c: c.get_role(RoleName=live.physical_id)["Role"])
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    yield expect(live.logical_id, "name", live.properties.get("RoleName", live.physical_id), found.get("RoleName"))


def _http_api(live: Live) -> Iterator[Check]:
    found = live.ask("apigateway", "GET", lambda _: live.aws.client("apigatewayv2").get_api(ApiId=live.physical_id))
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    yield live.compare("protocol", "ProtocolType", found.get("ProtocolType"), "HTTP")


def _encrypted(live: Live, what: str, name: str, found: str | None) -> Check:
    """Whether the key that the API shows is the one that the template's property `name` means."""
    wanted = live.properties[name]
    if isinstance(wanted, ResourceReference):
        wanted = live.siblings.get(wanted.logical_id)
    if not isinstance(wanted, str):
        return Check(live.logical_id, Status.NOT_CHECKED, f"{what}: the template's key is known only to AWS")
    if not found:
        return Check(live.logical_id, Status.FAILED, f"{what} is not encrypted with a key of its own")
    # Either side may be a key id or its ARN.
    status = Status.PROVED if found.rsplit("/", 1)[-1] == wanted.rsplit("/", 1)[-1] else Status.FAILED
    return Check(live.logical_id, status, f"{what} is encrypted with {found}")


def _comparable(value: object) -> object:
    """Numbers may stand as text in a template."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


CHECKERS: Mapping[str, Callable[[Live], Iterator[Check]]] = {
    "AWS::ApiGatewayV2::Api": _http_api,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": _key_alias,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
}
