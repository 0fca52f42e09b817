"""The account as AWS tells it now; independent reads run in parallel."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from tapctl.account.live_stacks import LiveStacks
from tapctl.account.model import AccountSettings, Concurrency, Identity, Increase, Quota
from tapctl.aws.session import GLOBAL_SERVICES, error_code, readable
from tapctl.limits.row import Call, Limit
from tapctl.unknown import Unknown

_SANDBOX_HAS_NONE = Unknown("the sandbox has no such limit", judged=False)

_SETTINGS = {
    "limit": Call("lambda", "GetAccountSettings", "AccountLimit.ConcurrentExecutions"),
    "unreserved": Call("lambda", "GetAccountSettings", "AccountLimit.UnreservedConcurrentExecutions"),
    "code_limit": Call("lambda", "GetAccountSettings", "AccountLimit.TotalCodeSize"),
    "code_used": Call("lambda", "GetAccountSettings", "AccountUsage.TotalCodeSize"),
    "functions": Call("lambda", "GetAccountSettings", "AccountUsage.FunctionCount"),
}

_OPEN = ("PENDING", "CASE_OPENED")
"""The statuses of a quota request that is not decided yet."""

_EXPORTS = Call("cloudformation", "ListExports", "Exports")

Pages = list[dict[str, Any]] | Unknown


@dataclass(slots=True)
class LiveAccount(LiveStacks):
    """Reads through boto3; every operation is called once, however many limits look at its answer."""

    _answers: dict[tuple[str, str], Future[Pages]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def identity(self) -> Identity | Unknown:
        account = self._value(Call("sts", "GetCallerIdentity", "Account"))
        return account if isinstance(account, Unknown) else Identity(str(account), self.aws.region)

    def settings(self) -> AccountSettings:
        read = {name: self._number(call) for name, call in _SETTINGS.items()}
        return AccountSettings(
            Concurrency(read["limit"], read["unreserved"]),
            Quota(read["code_limit"], read["code_used"]),
            read["functions"],
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

    def pending(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        if self._skips(limit) or self.aws.target.is_sandbox:
            return _SANDBOX_HAS_NONE

        def read() -> tuple[Increase, ...]:
            paginator = self._quotas_client(limit).get_paginator("list_requested_service_quota_change_history_by_quota")
            pages = paginator.paginate(ServiceCode=limit.service, QuotaCode=limit.code)
            asked = [each for page in pages for each in page["RequestedQuotas"] if each["Status"] in _OPEN]
            return tuple(Increase(int(each["DesiredValue"]), str(each.get("Created", ""))[:10]) for each in asked)

        return readable("servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota", read)

    def _quotas_client(self, limit: Limit) -> Any:
        return self.aws.client("service-quotas", "us-east-1" if limit.service in GLOBAL_SERVICES else None)

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

        client = self._quotas_client(limit)
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


def _snake(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))
