"""The account and its stacks as AWS describes them now; independent reads run in parallel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.account.model import (
    SANDBOX_HAS_NONE,
    Account,
    AccountSettings,
    Concurrency,
    Holders,
    Identity,
    Increase,
    InFlight,
    LiveFunction,
    PastFailure,
    Quota,
    Stack,
)
from tapctl.account.usage import LimitReads
from tapctl.aws import lambda_, lookups, quotas
from tapctl.aws.cloudformation import (
    describe_stack,
    describe_stack_events,
    get_template,
    list_stack_resources,
    list_stacks,
)
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits.row import Call, Limit, Number
from tapctl.resource_types import FUNCTION, PUBLISHED, STACK, STACK_STATUSES
from tapctl.state.redaction import hide_deployed
from tapctl.unknown import Count, Unknown

WORKERS = 32

RUNNING = tuple(sorted(name for name, status in STACK_STATUSES.items() if status.running))
"""The statuses in which CloudFormation works on a stack."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource of a live stack; `name` is its logical id behind those of its nested stacks, as `Stack/Fn`."""

    name: str
    type: str
    physical_id: str

    @property
    def logical_id(self) -> str:
        return self.name.rpartition("/")[2]


@dataclass(slots=True)
class _LiveStacks:
    """The stacks of the account and Region."""

    aws: Aws
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS))

    def stack(self, name: str) -> Stack | Unknown | None:
        described = read_or_unknown("cloudformation:DescribeStacks", lambda: describe_stack(self.aws, name))
        if isinstance(described, Unknown):
            return described
        hide_deployed(described.parameters)
        if not described.exists:
            return None
        resources = self._resources(described.id)
        if isinstance(resources, Unknown):
            return resources
        # A stack that is deleted and created again keeps none of its values.
        recreated = described.status == "ROLLBACK_COMPLETE"
        stack = Stack(
            described.name,
            described.status,
            self._functions(resources),
            {} if recreated else described.known_parameters(),
            {resource.name: resource.type for resource in resources},
            id=described.id,
            nested={f"{resource.name}/": resource.physical_id for resource in resources if resource.type == STACK},
            published={
                resource.physical_id: resource.logical_id for resource in resources if resource.type in PUBLISHED
            },
            stored={f"ssm:{parameter}": value for parameter, value in described.resolved.items()},
            exports={name: described.outputs.get(key, "") for key, name in described.exports.items()},
            ids={resource.name: resource.physical_id for resource in resources},
        )
        if not stack.published:
            return stack
        return replace(self.with_provisioned(stack, stack.functions), outside=self._outside(stack, resources))

    def _outside(self, stack: Stack, resources: list[_Resource]) -> dict[str, LiveFunction]:
        """Functions of other stacks of which this stack has an alias or version, each with the claim of that one."""
        own = {function.physical_id for function in stack.functions.values()}
        published = {
            resource: LiveFunction(_function_name(resource.physical_id), None, 0)
            for resource in resources
            if resource.type in PUBLISHED and _function_name(resource.physical_id) not in own
        }
        reads = {
            resource: self._pool.submit(self._with_provisioned, function, stack.published)
            for resource, function in published.items()
        }
        return {resource.name: _with_holder(read.result(), resource.logical_id) for resource, read in reads.items()}

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:
        reads = {
            name: self._pool.submit(self._with_provisioned, stack.functions[name], stack.published)
            for name in functions
            if name in stack.functions
        }
        return replace(stack, functions={**stack.functions, **{name: read.result() for name, read in reads.items()}})

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        stacks = read_or_unknown("cloudformation:ListStacks", lambda: list_stacks(self.aws, RUNNING))
        return stacks if isinstance(stacks, Unknown) else tuple(InFlight(name, status) for name, status in stacks)

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        # The first page holds the newest events, and so the last operation.
        page = read_or_unknown("cloudformation:DescribeStackEvents", lambda: describe_stack_events(self.aws, stack.id))
        if isinstance(page, Unknown):
            return page
        return tuple(PastFailure(event.reason, event.time[:10]) for event in page.events if event.failed)

    def _resources(self, stack_id: str, prefix: str = "") -> list[_Resource] | Unknown:
        """The resources of the stack and of its nested stacks."""
        listed = read_or_unknown("cloudformation:ListStackResources", lambda: list_stack_resources(self.aws, stack_id))
        if isinstance(listed, Unknown):
            return listed
        resources = [
            _Resource(f"{prefix}{resource.logical_id}", resource.type, resource.physical_id)
            for resource in listed
            if resource.held and resource.physical_id
        ]
        nested: list[_Resource] = []
        for resource in resources:
            if resource.type == STACK:
                inner = self._resources(resource.physical_id, f"{resource.name}/")
                if isinstance(inner, Unknown):
                    return inner
                nested += inner
        return resources + nested

    def _functions(self, resources: Iterable[_Resource]) -> dict[str, LiveFunction]:
        """The functions with their reservations; what they provision is read when it is needed."""
        names = {resource.name: resource.physical_id for resource in resources if resource.type == FUNCTION}
        reserved = {name: self._pool.submit(self._reserved, function) for name, function in names.items()}
        return {name: LiveFunction(function, reserved[name].result(), 0) for name, function in names.items()}

    def _reserved(self, function: str) -> Count | None:
        return read_or_unknown(lambda_.GET_RESERVED, lambda: lambda_.reserved_concurrency(self.aws, function))

    def _with_provisioned(self, function: LiveFunction, published: Mapping[str, str]) -> LiveFunction:
        configs = read_or_unknown(
            lambda_.LIST_PROVISIONED, lambda: lambda_.provisioned_concurrency(self.aws, function.physical_id)
        )
        if isinstance(configs, Unknown):
            return replace(function, provisioned=configs, holders=None)
        holders = {_holder(config.arn, published): config.requested for config in configs}
        return replace(function, provisioned=sum(holders.values()), holders=holders)


def _holder(arn: str, published: Mapping[str, str]) -> str:
    """The logical id of the stack's own alias or version, `:` and the qualifier of any other."""
    return published.get(arn) or f":{arn.rpartition(':')[2]}"


def _function_name(arn: str) -> str:
    """The function's name in the ARN of an alias or version."""
    return arn.split(":")[6] if arn.count(":") > 6 else arn


def _with_holder(function: LiveFunction, logical_id: str) -> LiveFunction:
    """The function with what one alias or version provisions of it."""
    if function.holders is None:
        return function
    holders = {name: value for name, value in function.holders.items() if name == logical_id}
    return replace(function, provisioned=sum(holders.values()), holders=holders)


def _by_lookup(
    kind: str, names: Iterable[str], values: Mapping[str, str | Unknown], missing: str
) -> dict[str, str | Unknown]:
    """The values by `KIND:NAME`; unknown is what does not exist."""
    keys = {f"{kind}:{name}": name for name in names}
    return {
        key: values.get(name, Unknown(f"{missing} {name}", advise(JudgementAdvice.CREATE_OR_PASS_LOOKUP, key)))
        for key, name in keys.items()
    }


def _setting(path: str) -> Call:
    return Call("lambda", "GetAccountSettings", path)


HOLDER_READS = 200
"""The most requests for the holders of reservations: the pages of functions, and one for each function."""


@dataclass(slots=True)
class LiveAccount(_LiveStacks):
    """Satisfies `tapctl.account.reader.AccountReader`; an operation that several limits need is called once."""

    _reads: LimitReads = field(init=False)

    def __post_init__(self) -> None:
        self._reads = LimitReads(self.aws, self._pool)

    def snapshot(self) -> Account | None:
        return None

    def identity(self) -> Identity | Unknown:
        account_id = self._reads.once("identity", lookups.GET_CALLER, lambda: lookups.account_id(self.aws)).result()
        return account_id if isinstance(account_id, Unknown) else Identity(account_id, self.aws.region)

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        read = "cloudformation:GetTemplate"
        return self._reads.once(f"{read} {stack.id}", read, lambda: get_template(self.aws, stack.id)).result()

    def settings(self) -> AccountSettings:
        return AccountSettings(
            Concurrency(
                self._reads.number(_setting("AccountLimit.ConcurrentExecutions")),
                self._reads.number(_setting("AccountLimit.UnreservedConcurrentExecutions")),
            ),
            Quota(
                self._reads.number(_setting("AccountLimit.TotalCodeSize")),
                self._reads.number(_setting("AccountUsage.TotalCodeSize")),
            ),
            self._reads.number(_setting("AccountUsage.FunctionCount")),
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

    def claimed_peak(self) -> Count:
        return self._reads.claimed_peak()

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        return self._reads.quotas(limits)

    def applied(self, limit: Limit) -> Number | Unknown:
        """The value of a limit that is in force."""
        return self._reads.applied(limit)[0]

    def exports(self) -> Mapping[str, str] | Unknown:
        exports = self._exports()
        return exports if isinstance(exports, Unknown) else {export.name: export.stack for export in exports}

    def imports(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...] | Unknown]:
        reads = {name: self._pool.submit(self._importers, name) for name in names}
        return {name: read.result() for name, read in reads.items()}

    def _importers(self, name: str) -> tuple[str, ...] | Unknown:
        return read_or_unknown(lookups.LIST_IMPORTS, lambda: lookups.importers(self.aws, name))

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        if self.aws.target.is_sandbox:
            return SANDBOX_HAS_NONE
        where = (self.aws, limit.service, limit.code)
        requests = read_or_unknown(
            quotas.LIST_REQUESTS, lambda: quotas.open_requests(*where, is_global=limit.is_global)
        )
        if isinstance(requests, Unknown):
            return requests
        return tuple(Increase(request.value, request.day) for request in requests)

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        names = [key.removeprefix("ssm:") for key in keys if key.startswith("ssm:")]
        size = lookups.PARAMETERS_PER_REQUEST
        batches = [names[start : start + size] for start in range(0, len(names), size)]
        stored = [self._pool.submit(self._parameter_store_values, batch) for batch in batches]
        imports = [key.removeprefix("import:") for key in keys if key.startswith("import:")]
        exported = self._exported(imports) if imports else {}
        return {key: value for batch in stored for key, value in batch.result().items()} | exported

    def _parameter_store_values(self, names: list[str]) -> dict[str, str | Unknown]:
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
        return _by_lookup("ssm", names, values, "the parameter store has no")

    def _exported(self, names: list[str]) -> dict[str, str | Unknown]:
        """The values of exports by `import:NAME`."""
        exports = self._exports()
        if isinstance(exports, Unknown):
            return {f"import:{name}": exports for name in names}
        values = {export.name: export.value for export in exports}
        return _by_lookup("import", names, values, "no stack exports")

    def _exports(self) -> tuple[lookups.Export, ...] | Unknown:
        return self._reads.once("exports", lookups.LIST_EXPORTS, lambda: lookups.exports(self.aws)).result()
