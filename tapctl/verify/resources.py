"""The resources behind a stack, each asked by its own API whether it is alive and as the template says.

A property that the API does not show back is `not checked`, never passed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws import Aws, error_code, readable
from tapctl.headroom.number import whole_number
from tapctl.template.resolve import ResourceReference
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, Status, expect
from tapctl.verify.subject import Deployed, is_known

_GONE = {"ResourceNotFoundException", "NotFoundException", "NoSuchEntity"}
"""What the services call a resource that is not there."""


class _Gone(Unknown):
    """The answer about a resource that does not exist."""


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
        from botocore.exceptions import ClientError

        def attempt() -> Any:
            try:
                return read(self.aws.client(service))
            except ClientError as error:
                if error_code(error) in _GONE:
                    return _Gone(f"there is no {self.physical_id} any more")
                raise

        return readable(f"{service}:{permission}", attempt)

    def part(self, name: str, key: str, default: object = None) -> Any:
        """One value inside of a property; Unknown where the whole property is."""
        whole = self.properties.get(name) or {}
        return whole if isinstance(whole, Unknown) else whole.get(key, default)

    def compare(self, what: str, name: str, found: object, default: object = None) -> Check:
        """A property against what the API shows; `default` is what AWS takes where the template says nothing."""
        wanted = self.properties.get(name, default)
        return self.expect(what, wanted, found)

    def expect(self, what: str, wanted: object, found: object) -> Check:
        """A value of the template against what the API shows."""
        if not is_known(wanted):
            return Check(self.logical_id, Status.NOT_CHECKED, f"{what}: the template's value is known only to AWS")
        return expect(self.logical_id, what, _comparable(wanted), _comparable(found))

    def key(self, name: str) -> Any:
        """The key that a property means; a reference to one of the stack's own becomes its physical id."""
        wanted = self.properties.get(name)
        if isinstance(wanted, ResourceReference):
            return self.siblings.get(wanted.logical_id, wanted)
        return wanted

    def unseen(self, unknown: Unknown) -> Check:
        status = Status.FAILED if isinstance(unknown, _Gone) else Status.NOT_CHECKED
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
    yield live.expect("tracing", live.part("TracingConfig", "Mode", "PassThrough"), tracing)
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
    yield from _encryption(live, found.get("SSEDescription", {}).get("Status"))
    yield from _recovery(live)
    yield from _expiry(live)


def _encryption(live: Live, found: str | None) -> Iterator[Check]:
    wanted = live.part("SSESpecification", "SSEEnabled")
    if isinstance(wanted, Unknown) or wanted in _ON:
        yield live.expect("encryption", wanted if isinstance(wanted, Unknown) else "ENABLED", found)


def _recovery(live: Live) -> Iterator[Check]:
    wanted = live.part("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
    if isinstance(wanted, Unknown):
        yield live.expect("point-in-time recovery", wanted, None)
    if wanted not in _ON:
        return
    found = live.ask(
        "dynamodb", "DescribeContinuousBackups", lambda c: c.describe_continuous_backups(TableName=live.physical_id)
    )
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    backups = found["ContinuousBackupsDescription"]
    status = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    yield expect(live.logical_id, "point-in-time recovery", "ENABLED", status)


def _expiry(live: Live) -> Iterator[Check]:
    wanted = live.part("TimeToLiveSpecification", "Enabled")
    if isinstance(wanted, Unknown):
        yield live.expect("expiry", wanted, None)
    if wanted not in _ON:
        return
    found = live.ask("dynamodb", "DescribeTimeToLive", lambda c: c.describe_time_to_live(TableName=live.physical_id))
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    attribute = found["TimeToLiveDescription"].get("AttributeName")
    yield live.expect("expiry attribute", live.part("TimeToLiveSpecification", "AttributeName"), attribute)


def _key(live: Live) -> Iterator[Check]:
    found = live.ask("kms", "DescribeKey", lambda c: c.describe_key(KeyId=live.physical_id)["KeyMetadata"])
    if isinstance(found, Unknown):
        yield live.unseen(found)
        return
    yield expect(live.logical_id, "state", "Enabled", found.get("KeyState"))
    wanted = live.properties.get("EnableKeyRotation")
    if isinstance(wanted, Unknown):
        yield live.expect("yearly rotation", wanted, None)
    if wanted in _ON:
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
    target = live.key("TargetKeyId")
    yield live.expect("key", target.rsplit("/", 1)[-1] if isinstance(target, str) else target, found.get("KeyId"))


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
    wanted = live.key(name)
    if not isinstance(wanted, str):
        return Check(live.logical_id, Status.NOT_CHECKED, f"{what}: the template's key is known only to AWS")
    if not found:
        return Check(live.logical_id, Status.FAILED, f"{what} is not encrypted with a key of its own")
    # Either side may be a key id or its ARN.
    same = found.rsplit("/", 1)[-1] == wanted.rsplit("/", 1)[-1]
    rest = "" if same else f", the template says {wanted}"
    return Check(live.logical_id, Status.PROVED if same else Status.FAILED, f"{what} is encrypted with {found}{rest}")


_ON = (True, "true", "True")
"""A switch that is on; it may stand as text."""


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
