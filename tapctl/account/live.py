"""The account as AWS describes it now; independent reads run in parallel."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tapctl.account.live_stacks import LiveStacks
from tapctl.account.model import Account, AccountSettings, Concurrency, Holders, Identity, Increase, Quota
from tapctl.aws import lambda_, lookups, quotas
from tapctl.aws.errors import read_or_unknown
from tapctl.limits.row import Call, Limit
from tapctl.unknown import Count, Unknown

T = TypeVar("T")

_SANDBOX_HAS_NONE = Unknown("the sandbox has no such limit", judged=False)


def _setting(path: str) -> Call:
    return Call("lambda", "GetAccountSettings", path)


HOLDER_READS = 200
"""The most requests for the holders of reservations: the pages of functions, and one for each function."""


@dataclass(slots=True)
class LiveAccount(LiveStacks):
    """Satisfies `tapctl.account.reader.AccountReader`; an operation that several limits need is called once."""

    _answers: dict[str, Future[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def snapshot(self) -> Account | None:
        return None

    def identity(self) -> Identity | Unknown:
        account_id = self._once("identity", lookups.GET_CALLER, lambda: lookups.account_id(self.aws)).result()
        return account_id if isinstance(account_id, Unknown) else Identity(account_id, self.aws.region)

    def settings(self) -> AccountSettings:
        return AccountSettings(
            Concurrency(
                self._number(_setting("AccountLimit.ConcurrentExecutions")),
                self._number(_setting("AccountLimit.UnreservedConcurrentExecutions")),
            ),
            Quota(
                self._number(_setting("AccountLimit.TotalCodeSize")),
                self._number(_setting("AccountUsage.TotalCodeSize")),
            ),
            self._number(_setting("AccountUsage.FunctionCount")),
        )

    def holders(self) -> Holders | Unknown:
        most = HOLDER_READS - HOLDER_READS // lambda_.FUNCTIONS_PER_PAGE
        names = read_or_unknown(lambda_.LIST_FUNCTIONS, lambda: lambda_.function_names(self.aws, most))
        if isinstance(names, Unknown):
            return names
        reads = {name: self._pool.submit(self._reserved, name) for name in names}
        reserved = {name: read.result() for name, read in reads.items()}
        refused = [value for value in reserved.values() if isinstance(value, Unknown)]
        count = self.settings().function_count
        existing = max(count, len(names)) if isinstance(count, int) else len(names)
        return Holders(
            {name: value for name, value in reserved.items() if isinstance(value, int) and value > 0},
            existing - len(names) + len(refused),
            refused[0].reason if refused else "",
        )

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        for limit in limits:
            for call in (limit.usage, limit.quota):
                if call and not self._skips(limit):
                    self._pages(call)
        values = {limit.key: self._pool.submit(self._applied, limit) for limit in limits}
        return {limit.key: Quota(values[limit.key].result(), self._usage(limit)) for limit in limits}

    def exports(self) -> Mapping[str, str] | Unknown:
        exports = self._exports()
        return exports if isinstance(exports, Unknown) else {export.name: export.stack for export in exports}

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        if self.aws.target.is_sandbox:
            return _SANDBOX_HAS_NONE
        requests = read_or_unknown(
            quotas.LIST_REQUESTS, lambda: quotas.open_requests(self.aws, limit.service, limit.code)
        )
        if isinstance(requests, Unknown):
            return requests
        return tuple(Increase(request.value, request.day) for request in requests)

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        names = [key.removeprefix("ssm:") for key in keys if key.startswith("ssm:")]
        size = lookups.PARAMETERS_PER_REQUEST
        batches = [names[start : start + size] for start in range(0, len(names), size)]
        stored = [self._pool.submit(self._stored, batch) for batch in batches]
        imports = [key.removeprefix("import:") for key in keys if key.startswith("import:")]
        exported = self._exported(imports) if imports else {}
        return {key: value for batch in stored for key, value in batch.result().items()} | exported

    def _stored(self, names: list[str]) -> dict[str, str | Unknown]:
        """The values in the parameter store by `ssm:NAME`; a SecureString is Unknown."""
        parameters = read_or_unknown(lookups.GET_PARAMETERS, lambda: lookups.stored_parameters(self.aws, names))
        if isinstance(parameters, Unknown):
            return {f"ssm:{name}": parameters for name in names}
        values = {
            parameter.reference: Unknown(f"{parameter.name} is a SecureString")
            if parameter.type == "SecureString"
            else parameter.value
            for parameter in parameters
        }
        return {f"ssm:{name}": values.get(name, Unknown(f"the parameter store has no {name}")) for name in names}

    def _exported(self, names: list[str]) -> dict[str, str | Unknown]:
        """The values of exports by `import:NAME`."""
        exports = self._exports()
        if isinstance(exports, Unknown):
            return {f"import:{name}": exports for name in names}
        values = {export.name: export.value for export in exports}
        return {f"import:{name}": values.get(name, Unknown(f"no stack exports {name}")) for name in names}

    def _exports(self) -> tuple[lookups.Export, ...] | Unknown:
        return self._once("exports", lookups.LIST_EXPORTS, lambda: lookups.exports(self.aws)).result()

    def _skips(self, limit: Limit) -> bool:
        """Whether the sandbox lacks the limit: it enforces those of Lambda's account settings alone."""
        return self.aws.target.is_sandbox and limit.service != "lambda"

    def _usage(self, limit: Limit) -> Count:
        if self._skips(limit):
            return _SANDBOX_HAS_NONE
        return self._number(limit.usage) if limit.usage else 0

    def _applied(self, limit: Limit) -> Count:
        """The applied quota; AWS's default where Service Quotas has no applied value."""
        if self._skips(limit):
            return _SANDBOX_HAS_NONE
        if limit.quota:
            return self._number(limit.quota)
        applied = read_or_unknown(quotas.GET_APPLIED, lambda: quotas.applied_quota(self.aws, limit.service, limit.code))
        if applied is not None:
            return applied
        return read_or_unknown(quotas.GET_DEFAULT, lambda: quotas.default_quota(self.aws, limit.service, limit.code))

    def _number(self, call: Call) -> Count:
        """The number at the path of a call, or the length of the list there, over all pages."""
        import jmespath

        pages = self._pages(call).result()
        if isinstance(pages, Unknown):
            return pages
        values = [jmespath.search(call.path, page) for page in pages]
        if any(isinstance(value, list) for value in values):
            return sum(len(value or ()) for value in values)
        number = next((value for value in values if value is not None), None)
        return Unknown(f"{call.permission} did not return {call.path}") if number is None else int(number)

    def _pages(self, call: Call) -> "Future[list[dict[str, Any]] | Unknown]":
        return self._once(
            call.permission,
            call.permission,
            lambda: self.aws.pages(call.service, call.operation, **call.parameters),
        )

    def _once(self, key: str, permission: str, read: Callable[[], T]) -> "Future[T | Unknown]":
        """The result of a read that runs once for each key."""
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._pool.submit(read_or_unknown, permission, read)
            return self._answers[key]
