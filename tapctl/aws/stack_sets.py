"""StackSets as tapctl uses them: one method for each operation of the API, with frozen results.

Every method raises `AwsError` where AWS refuses or does not answer.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/what-is-cfnstacksets.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tapctl.aws.errors import aws_call
from tapctl.aws.stacks import stack_name
from tapctl.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from tapctl.aws.session import Aws

SELF_MANAGED, SERVICE_MANAGED = "SELF_MANAGED", "SERVICE_MANAGED"
DELEGATED_ADMIN = "DELEGATED_ADMIN"

InstanceOperation = Literal["create_stack_instances", "update_stack_instances", "delete_stack_instances"]
"""The client's methods that begin an operation on the instances of a stack set."""

PAGE = 100
"""The most that AWS returns in one page."""


@dataclass(frozen=True, slots=True)
class StackSet:
    """A stack set as DescribeStackSet returns it."""

    id: str
    description: str = ""
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """As AWS shows them: a NoEcho value is all asterisks."""
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    permission_model: str = SELF_MANAGED
    auto_deploys: bool = False
    """Whether accounts that join its organizational units get an instance."""
    units: tuple[str, ...] = ()
    """The organizational units of a service-managed set."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """The roles of a self-managed set, as the API names them: AdministrationRoleARN and ExecutionRoleName."""


@dataclass(frozen=True, slots=True)
class StackInstance:
    """A stack instance as ListStackInstances returns it: `status` is CURRENT, OUTDATED or INOPERABLE."""

    account_id: str
    region: str
    status: str
    detailed_status: str = ""
    stack_id: str = ""
    """Empty where there is no stack, such as after a failed create."""
    reason: str = ""
    last_operation: str = ""
    """The id of the last operation on it."""

    @property
    def cell(self) -> tuple[str, str]:
        return self.account_id, self.region

    @property
    def stack(self) -> str:
        """The name of its stack, empty where there is none."""
        return stack_name(self.stack_id) if self.stack_id else ""


@dataclass(frozen=True, slots=True)
class SetOperation:
    """An operation on a stack set; one that SUCCEEDED may hold failed instances, within its tolerance."""

    id: str
    action: str
    status: str
    reason: str = ""
    began: float = field(default=0.0, compare=False)
    """When it was requested, in seconds since the epoch; 0 if AWS does not say."""

    @property
    def is_over(self) -> bool:
        return self.status not in ("QUEUED", "RUNNING", "STOPPING")


@dataclass(frozen=True, slots=True)
class InstanceResult:
    """The result of an operation in one account and Region: PENDING, RUNNING, SUCCEEDED, FAILED or CANCELLED."""

    account_id: str
    region: str
    status: str
    reason: str = ""

    @property
    def cell(self) -> tuple[str, str]:
        return self.account_id, self.region

    @property
    def is_over(self) -> bool:
        return self.status not in ("PENDING", "RUNNING")


@dataclass(frozen=True, slots=True)
class Rectangle:
    """All of these accounts in all of these Regions, as one call names them."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]

    @property
    def cells(self) -> Iterator[tuple[str, str]]:
        return ((account, region) for account in self.accounts for region in self.regions)


@dataclass(frozen=True, slots=True)
class Preferences:
    """OperationPreferences: a count, or a percentage such as `10%`, of the accounts in each Region.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html
    """

    failure_tolerance: int | str = 0
    max_concurrent: int | str | None = None
    """None for one more than may fail, which AWS lowers by each failure."""
    in_parallel: bool = False
    """Whether all Regions are operated on at the same time."""
    regions: tuple[str, ...] = ()
    """The Regions that come first, in this order."""

    def for_aws(self, targets: Rectangle | None) -> dict[str, Any]:
        request: dict[str, Any] = {"RegionConcurrencyType": "PARALLEL" if self.in_parallel else "SEQUENTIAL"}
        request |= _counted("FailureTolerance", self.failure_tolerance)
        if self.max_concurrent is None:
            tolerance = self.failure_tolerance
            request |= _counted("MaxConcurrent", tolerance + 1 if isinstance(tolerance, int) else tolerance)
        else:
            request |= {**_counted("MaxConcurrent", self.max_concurrent), "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}
        if targets:
            named = [region for region in self.regions if region in targets.regions]
            request["RegionOrder"] = list(dict.fromkeys([*named, *targets.regions]))
        return request


def _counted(name: str, value: int | str) -> dict[str, int]:
    if isinstance(value, str):
        least = int(name == "MaxConcurrent")  # of an account at the same time there is at least one
        return {f"{name}Percentage": max(int(value.removesuffix("%")), least)}
    return {f"{name}Count": value}


@dataclass(frozen=True, slots=True)
class StackSets:
    """The stack set of a name in the account and Region of `aws`.

    `units` are the organizational units of a service-managed set; `call_as` is empty for a self-managed one.
    """

    aws: Aws
    name: str
    call_as: str = ""
    units: tuple[str, ...] = ()

    def describe(self) -> StackSet | None:
        """The stack set; None where there is none."""
        entry = self._find("describe_stack_set", "StackSet", f"reading stack set {self.name}")
        return None if entry is None or entry.get("Status") == "DELETED" else _stack_set(entry)

    def create(self, request: Mapping[str, Any]) -> None:
        """Create it, without instances. `request` has the parameters of CreateStackSet."""
        with aws_call(f"creating stack set {self.name}"):
            self._client.create_stack_set(**self._set_parameters(), **request)

    def update(
        self, request: Mapping[str, Any], operation_id: str, targets: Rectangle | None, preferences: Preferences
    ) -> None:
        """Begin an update of the set and of its instances in `targets`; of all instances without them."""
        with aws_call(f"updating stack set {self.name}"):
            self._client.update_stack_set(
                **self._set_parameters(),
                **request,
                **(self._targeted(targets) if targets else {}),
                OperationPreferences=preferences.for_aws(targets),  # type: ignore[arg-type]
                OperationId=operation_id,
            )

    def operate(
        self,
        operation: InstanceOperation,
        operation_id: str,
        targets: Rectangle,
        preferences: Preferences,
        **request: Any,
    ) -> None:
        """Begin an operation on the instances in `targets`, all with the same `request`."""
        verb = f"{operation.partition('_')[0].removesuffix('e')}ing"
        with aws_call(f"{verb} instances of stack set {self.name}"):
            getattr(self._client, operation)(
                **self._set_parameters(),
                **self._targeted(targets),
                **request,
                OperationPreferences=preferences.for_aws(targets),
                OperationId=operation_id,
            )

    def delete(self) -> None:
        """Delete the set, which has no instances."""
        with aws_call(f"deleting stack set {self.name}"):
            self._client.delete_stack_set(**self._set_parameters())

    def instances(self) -> tuple[StackInstance, ...]:
        """Every instance; their parameter overrides are not among what AWS lists."""
        entries = self._pages("list_stack_instances", f"listing the instances of stack set {self.name}")
        return tuple(
            StackInstance(
                entry["Account"],
                entry["Region"],
                entry["Status"],
                entry.get("StackInstanceStatus", {}).get("DetailedStatus", ""),
                entry.get("StackId", ""),
                entry.get("StatusReason", ""),
                entry.get("LastOperationId", ""),
            )
            for entry in entries
        )

    def overrides(self, account_id: str, region: str) -> dict[str, str]:
        """The parameter overrides of one instance; a NoEcho value is all asterisks."""
        with aws_call(f"reading the instance of stack set {self.name} in {account_id}/{region}"):
            entry: Any = self._client.describe_stack_instance(
                **self._set_parameters(), StackInstanceAccount=account_id, StackInstanceRegion=region
            )["StackInstance"]
        return _values(entry.get("ParameterOverrides", ()))

    def operation(self, operation_id: str) -> SetOperation | None:
        """The operation, strongly consistent; None where AWS knows none of this id."""
        action = f"reading operation {operation_id} of stack set {self.name}"
        entry = self._find("describe_stack_set_operation", "StackSetOperation", action, OperationId=operation_id)
        return entry and _operation(entry)

    def running(self) -> tuple[SetOperation, ...]:
        """The operations that are not over, in AWS's order; only the newest are read.

        The list is consistent only eventually, so each that it shows as running is read by itself.
        """
        action = f"listing the operations on stack set {self.name}"
        entries = self._find("list_stack_set_operations", "Summaries", action, MaxResults=PAGE) or ()
        listed = [operation for operation in map(_operation, entries) if not operation.is_over]
        return tuple(now for operation in listed if (now := self.operation(operation.id)) and not now.is_over)

    def results(self, operation_id: str) -> tuple[InstanceResult, ...]:
        """The results of an operation in each account and Region so far."""
        entries = self._pages(
            "list_stack_set_operation_results",
            f"reading the results of operation {operation_id} on stack set {self.name}",
            OperationId=operation_id,
        )
        return tuple(
            InstanceResult(entry["Account"], entry["Region"], entry["Status"], entry.get("StatusReason", ""))
            for entry in entries
        )

    def _find(self, method: str, key: str, action: str, **request: Any) -> Any:
        """A member of an answer; None where AWS has no such stack set or operation."""
        try:
            with aws_call(action):
                return getattr(self._client, method)(**self._set_parameters(), **request)[key]
        except AwsError as error:
            if error.code in ("StackSetNotFoundException", "OperationNotFoundException"):
                return None
            raise

    def _pages(self, method: str, action: str, **request: Any) -> list[Any]:
        """The summaries of every page; botocore paginates only some of these operations."""
        entries: list[Any] = []
        while True:
            with aws_call(action):
                page = getattr(self._client, method)(**self._set_parameters(), **request, MaxResults=PAGE)
            entries += page["Summaries"]
            if not (token := page.get("NextToken")):
                return entries
            request["NextToken"] = token

    def _targeted(self, targets: Rectangle) -> dict[str, Any]:
        """The accounts as the permission model takes them: as such, or within organizational units."""
        regions = {"Regions": list(targets.regions)}
        if not self.call_as:
            return {"Accounts": list(targets.accounts), **regions}
        # Accounts alone are refused: https://github.com/hashicorp/terraform-provider-aws/issues/26917
        chosen = {
            "OrganizationalUnitIds": list(self.units),
            "Accounts": list(targets.accounts),
            "AccountFilterType": "INTERSECTION",
        }
        return {"DeploymentTargets": chosen, **regions}

    def _set_parameters(self) -> dict[str, Any]:
        return {"StackSetName": self.name, **({"CallAs": self.call_as} if self.call_as else {})}

    @property
    def _client(self) -> CloudFormationClient:
        client: CloudFormationClient = self.aws.client("cloudformation")
        return client


Values = Mapping[str, str | None]
"""Parameters by their names; None keeps the value that is there, which AWS may not show."""


def as_parameters(values: Values) -> list[dict[str, Any]]:
    """Parameters as AWS takes them."""
    return [
        {"ParameterKey": name, **({"UsePreviousValue": True} if value is None else {"ParameterValue": value})}
        for name, value in values.items()
    ]


def _stack_set(entry: Mapping[str, Any]) -> StackSet:
    return StackSet(
        entry["StackSetId"],
        entry.get("Description", ""),
        entry.get("TemplateBody", ""),
        _values(entry.get("Parameters", ())),
        {tag["Key"]: tag["Value"] for tag in entry.get("Tags", ())},
        tuple(entry.get("Capabilities", ())),
        entry.get("PermissionModel", SELF_MANAGED),
        bool(entry.get("AutoDeployment", {}).get("Enabled")),
        tuple(entry.get("OrganizationalUnitIds", ())),
        {name: entry[name] for name in ("AdministrationRoleARN", "ExecutionRoleName") if entry.get(name)},
    )


def _values(parameters: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {parameter["ParameterKey"]: parameter.get("ParameterValue", "") for parameter in parameters}


def _operation(entry: Mapping[str, Any]) -> SetOperation:
    created = entry.get("CreationTimestamp")
    began = created.timestamp() if created else 0.0
    return SetOperation(entry["OperationId"], entry["Action"], entry["Status"], entry.get("StatusReason", ""), began)
