"""The account as AWS tells it now; independent reads run in parallel."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tapctl.account.model import Concurrency, Identity, LiveFunction, Quota, Settings, Stack
from tapctl.aws import GLOBAL_SERVICES, Aws, error_code, readable
from tapctl.limits.row import Call, Limit
from tapctl.unknown import Unknown

WORKERS = 16

_SANDBOX_HAS_NONE = Unknown("the sandbox has no such limit", judged=False)

_SETTINGS = {
    "limit": Call("lambda", "GetAccountSettings", "AccountLimit.ConcurrentExecutions"),
    "unreserved": Call("lambda", "GetAccountSettings", "AccountLimit.UnreservedConcurrentExecutions"),
    "code_limit": Call("lambda", "GetAccountSettings", "AccountLimit.TotalCodeSize"),
    "code_used": Call("lambda", "GetAccountSettings", "AccountUsage.TotalCodeSize"),
    "functions": Call("lambda", "GetAccountSettings", "AccountUsage.FunctionCount"),
}

_EXPORTS = Call("cloudformation", "ListExports", "Exports")

Pages = list[dict[str, Any]] | Unknown


@dataclass(frozen=True, slots=True)
class _Held:
    """A resource of a live stack."""

    name: str
    type: str
    physical_id: str


@dataclass(slots=True)
class LiveAccount:
    """Reads through boto3; every operation is called once, however many limits look at its answer."""

    aws: Aws
    _answers: dict[tuple[str, str], Future[Pages]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def identity(self) -> Identity | Unknown:
        account = self._value(Call("sts", "GetCallerIdentity", "Account"))
        return account if isinstance(account, Unknown) else Identity(str(account), self.aws.region)

    def settings(self) -> Settings:
        read = {name: self._number(call) for name, call in _SETTINGS.items()}
        return Settings(
            Concurrency(read["limit"], read["unreserved"]),
            Quota(read["code_limit"], read["code_used"]),
            read["functions"],
        )

    def stack(self, name: str) -> Stack | Unknown | None:
        described = readable("cloudformation:DescribeStacks", lambda: self._describe(name))
        if described is None or isinstance(described, Unknown):
            return described
        resources = self._resources(described["StackId"])
        if isinstance(resources, Unknown):
            return resources
        undone = described["StackStatus"] == "ROLLBACK_COMPLETE"
        return Stack(
            name,
            described["StackStatus"],
            self._functions(resources),
            # A stack that is to be made anew has no values to keep.
            {} if undone else {each["ParameterKey"]: parameter(each) for each in described.get("Parameters", [])},
            {each.name: each.type for each in resources},
        )

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        for limit in limits:
            for call in (limit.usage, limit.quota):
                if call and not self._skips(limit):
                    self._ask(call)
        values = {limit.key: self._pool.submit(self._applied, limit) for limit in limits}
        return {limit.key: Quota(values[limit.key].result(), self._usage(limit)) for limit in limits}

    def exports(self) -> Mapping[str, str] | Unknown:
        pages = self._ask(_EXPORTS).result()
        if isinstance(pages, Unknown):
            return pages
        return {
            each["Name"]: str(each.get("ExportingStackId", "")).split("/")[1:2][0]
            if each.get("ExportingStackId")
            else ""
            for page in pages
            for each in page.get("Exports", [])
        }

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        names = [key.removeprefix("ssm:") for key in keys if key.startswith("ssm:")]
        batches = [names[start : start + 10] for start in range(0, len(names), 10)]
        stored = [self._pool.submit(self._stored, batch) for batch in batches]
        wanted = [key.removeprefix("import:") for key in keys if key.startswith("import:")]
        exported = self._exported(wanted) if wanted else {}
        return {key: value for batch in stored for key, value in batch.result().items()} | exported

    def _stored(self, names: list[str]) -> dict[str, str | Unknown]:
        """What the parameter store holds; a SecureString is never asked to be decrypted."""
        answer = readable("ssm:GetParameters", lambda: self.aws.client("ssm").get_parameters(Names=names))
        if isinstance(answer, Unknown):
            return {f"ssm:{name}": answer for name in names}
        held = {
            f"{each['Name']}{each.get('Selector', '')}": Unknown(f"{each['Name']} is a SecureString")
            if each["Type"] == "SecureString"
            else str(each["Value"])
            for each in answer["Parameters"]
        }
        return {f"ssm:{name}": held.get(name, Unknown(f"the parameter store has no {name}")) for name in names}

    def _exported(self, names: list[str]) -> dict[str, str | Unknown]:
        pages = self._ask(_EXPORTS).result()
        if isinstance(pages, Unknown):
            return {f"import:{name}": pages for name in names}
        held: dict[str, str | Unknown] = {each["Name"]: each["Value"] for page in pages for each in page["Exports"]}
        return {f"import:{name}": held.get(name, Unknown(f"no stack exports {name}")) for name in names}

    def _describe(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        try:
            stacks = self.aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = stacks[0]
        # A stack that never got resources is none yet; one whose creation was undone holds nothing either.
        return None if stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack

    def _resources(self, stack_id: str, prefix: str = "") -> list[_Held] | Unknown:
        """What the stack holds, and what its nested stacks do, named as their family names them."""

        def read() -> list[_Held]:
            paginator = self.aws.client("cloudformation").get_paginator("list_stack_resources")
            pages = paginator.paginate(StackName=stack_id)
            return [_held(each, prefix) for page in pages for each in page["StackResourceSummaries"] if _is_there(each)]

        found = readable("cloudformation:ListStackResources", read)
        if isinstance(found, Unknown):
            return found
        nested = []
        for each in found:
            if each.type == "AWS::CloudFormation::Stack":
                below = self._resources(each.physical_id, f"{each.name}/")
                if isinstance(below, Unknown):
                    return below
                nested += below
        return found + nested

    def _functions(self, resources: list[_Held]) -> dict[str, LiveFunction]:
        published = bool({each.type for each in resources} & {"AWS::Lambda::Alias", "AWS::Lambda::Version"})
        held = {each.name: each.physical_id for each in resources if each.type == "AWS::Lambda::Function"}
        reserved = {name: self._pool.submit(self._reserved, physical) for name, physical in held.items()}
        provisioned = {
            name: self._pool.submit(self._provisioned, physical) for name, physical in held.items() if published
        }
        return {
            name: LiveFunction(physical, reserved[name].result(), provisioned[name].result() if published else 0)
            for name, physical in held.items()
        }

    def _reserved(self, function: str) -> int | Unknown | None:
        answer = readable(
            "lambda:GetFunctionConcurrency",
            lambda: self.aws.client("lambda").get_function_concurrency(FunctionName=function),
        )
        return answer if isinstance(answer, Unknown) else answer.get("ReservedConcurrentExecutions")

    def _provisioned(self, function: str) -> int | Unknown:
        def read() -> int:
            paginator = self.aws.client("lambda").get_paginator("list_provisioned_concurrency_configs")
            return sum(
                each["RequestedProvisionedConcurrentExecutions"]
                for page in paginator.paginate(FunctionName=function)
                for each in page["ProvisionedConcurrencyConfigs"]
            )

        return readable("lambda:ListProvisionedConcurrencyConfigs", read)

    def _skips(self, limit: Limit) -> bool:
        """The sandbox enforces what Lambda's settings say and nothing else."""
        return self.aws.target.is_sandbox and limit.service != "lambda"

    def _usage(self, limit: Limit) -> int | Unknown:
        if self._skips(limit):
            return _SANDBOX_HAS_NONE
        return self._number(limit.usage) if limit.usage else 0

    def _applied(self, limit: Limit) -> int | Unknown:
        """The applied quota; where there is none, AWS's default."""
        if self._skips(limit):
            return _SANDBOX_HAS_NONE
        if limit.quota:
            return self._number(limit.quota)
        return readable("servicequotas:GetServiceQuota", lambda: self._service_quota(limit))

    def _service_quota(self, limit: Limit) -> int | Unknown:
        from botocore.exceptions import ClientError

        region = "us-east-1" if limit.service in GLOBAL_SERVICES else None
        client = self.aws.client("service-quotas", region)
        asked = {"ServiceCode": limit.service, "QuotaCode": limit.code}
        try:
            return int(client.get_service_quota(**asked)["Quota"]["Value"])
        except ClientError as error:
            if error_code(error) != "NoSuchResourceException":
                raise
        return readable(
            "servicequotas:GetAWSDefaultServiceQuota",
            lambda: int(client.get_aws_default_service_quota(**asked)["Quota"]["Value"]),
        )

    def _number(self, call: Call) -> int | Unknown:
        value = self._value(call)
        return value if isinstance(value, int | Unknown) else int(value)

    def _value(self, call: Call) -> Any:
        import jmespath

        pages = self._ask(call).result()
        if isinstance(pages, Unknown):
            return pages
        found = [jmespath.search(call.path, page) for page in pages]
        if any(isinstance(each, list) for each in found):
            return sum(len(each or ()) for each in found)
        value = next((each for each in found if each is not None), None)
        return Unknown(f"{call.permission} did not answer {call.path}") if value is None else value

    def _ask(self, call: Call) -> Future[Pages]:
        key = (call.service, call.operation)
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._pool.submit(readable, call.permission, lambda: self._pages(call))
            return self._answers[key]

    def _pages(self, call: Call) -> list[dict[str, Any]]:
        client = self.aws.client(call.service)
        method = _snake(call.operation)
        if client.can_paginate(method):
            return list(client.get_paginator(method).paginate(**call.parameters))
        operation: Callable[..., dict[str, Any]] = getattr(client, method)
        return [operation(**call.parameters)]


def _is_there(each: dict[str, Any]) -> bool:
    return bool(each["ResourceStatus"] != "DELETE_COMPLETE" and each.get("PhysicalResourceId"))


def _held(each: dict[str, Any], prefix: str) -> _Held:
    return _Held(f"{prefix}{each['LogicalResourceId']}", each["ResourceType"], each["PhysicalResourceId"])


def _snake(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))


def parameter(each: dict[str, Any]) -> str | Unknown:
    """A parameter as the stack has it: NoEcho ones come back as asterisks."""
    name, value = each["ParameterKey"], str(each.get("ParameterValue", ""))
    if value and set(value) == {"*"}:
        return Unknown(f"parameter {name} keeps its value, which AWS does not show", f"--parameter {name}=VALUE")
    return value
