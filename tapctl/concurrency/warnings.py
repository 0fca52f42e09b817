"""Warnings about concurrency, which do not change the verdict."""

import difflib
from collections.abc import Iterator
from datetime import datetime, timedelta

from tapctl.account.model import PEAK_DAYS, Account, Stack
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import Scaling, on_instances
from tapctl.concurrency.judge import SMALL_ACCOUNT, Floor, minimum
from tapctl.concurrency.remedy import RemedyPolicy
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import CONCURRENCY
from tapctl.limits.awslambda import MAX_MEMORY_OF_NEW_ACCOUNTS
from tapctl.resource_types import FUNCTION
from tapctl.template.nested import StackTree
from tapctl.template.parameters import missing_values
from tapctl.template.resolver import Resolver, existence, whole_number
from tapctl.template.values import NO_VALUE
from tapctl.unknown import known

RESERVED_DOCS = advise(
    JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"
)
SCALING_DOCS = advise(
    JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"
)
PEAK_DOCS = advise(
    JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-concurrency.html"
)
QUOTA_DOCS = advise(
    JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
)


def concurrency_warnings(result: Preflight) -> Iterator[Finding]:
    """Every warning that the verdict on concurrency comes with."""
    yield from stopped_functions(result)
    yield from unmet_targets(result)
    yield from large_memory(result)
    yield from refused_rollback(result)
    yield from busy_account(result)


def _warning(message: str, resource: str | None, file: str, line: int | None, *hints: Hint) -> Finding:
    return Finding(CONCURRENCY.id, Verdict.FITS, message, resource, file, line, hints, severity="warning")


def stopped_functions(result: Preflight) -> Iterator[Finding]:
    """A warning for each reservation of 0."""
    for function in result.demand.functions:
        if function.reserved == 0:
            message = f"{function.logical_id} reserves 0: that stops the function, Lambda throttles every invocation"
            yield _warning(message, function.logical_id, *function.claim_place, RESERVED_DOCS)


def unmet_targets(result: Preflight) -> Iterator[Finding]:
    """A warning for the scalable targets whose MinCapacity can never be provisioned.

    The stack is deployed, and the scaling fails for ever. Targets that share a reservation, or what is unreserved, are
    one warning.
    """
    shared: dict[tuple[str, int], list[Scaling]] = {}
    for target in result.demand.scaling:
        if source_and_most := _available(result, target.function):
            shared.setdefault(source_and_most, []).append(target)
    for (source, available), targets in shared.items():
        least = sum(target.most_minimum for target in targets)
        if least > available:
            names = ", ".join(target.logical_id for target in targets)
            message = (
                f"{names} asks for at least {least} provisioned executions, but {source} {available};"
                " the scaling will fail after the deploy"
            )
            hint = (
                advise(JudgementAdvice.LOWER_MIN_CAPACITY, available)
                if available
                else advise(JudgementAdvice.REMOVE_TARGET)
            )
            yield _warning(message, targets[0].logical_id, targets[0].file, targets[0].line, hint, SCALING_DOCS)


def _available(result: Preflight, function: str) -> tuple[str, int] | None:
    """Where the provisioned concurrency of a function comes from and the most that this gives; None if not known.

    A reservation bounds what its function provisions. The others of the stack share what is unreserved above the
    floor, with what they provision already; one outside of the stack may have a reservation, up to all that there is.
    """
    wanted = {demand.logical_id: demand for demand in result.demand.functions}.get(function)
    judgement = result.concurrency
    if wanted and wanted.reserved is not None:
        return (f"{function} reserves", wanted.reserved) if isinstance(wanted.reserved, int) else None
    match judgement.floor, judgement.limit, judgement.outlook.final:
        case Floor() as bounds, int(limit), _ if not wanted:
            return "the account gives at most", max(0, limit - minimum(bounds))
        case Floor() as bounds, _, int(final):
            scaled = {target.function for target in result.demand.scaling}
            unreserved = [change for change in result.changes if change.wanted and change.wanted.reserved is None]
            held = sum(known(change.claim_after) for change in unreserved if change.logical_id in scaled)
            return "the unreserved concurrency gives at most", max(0, final + held - minimum(bounds))
        case _:
            return None


def large_memory(result: Preflight) -> Iterator[Finding]:
    """A warning for each function with more memory than small accounts are known to allow.

    No API returns that cap, so it is inferred from the concurrency limit.
    """
    limit = result.concurrency.limit
    if not isinstance(limit, int) or limit >= SMALL_ACCOUNT:
        return
    for member in result.tree.members():
        for resource in member.resolver.template.resources():
            if resource.type != FUNCTION or existence(member.resolver, resource) is False:
                continue
            path = ("Resources", resource.logical_id, "Properties", "MemorySize")
            memory = _number(member.resolver, resource.properties.get("MemorySize", NO_VALUE), path)
            if memory > MAX_MEMORY_OF_NEW_ACCOUNTS and not on_instances(member.resolver, resource):
                name, line = f"{member.prefix}{resource.logical_id}", member.resolver.template.line(*path)
                message = (
                    f"{name} has {memory:,} MB of memory; accounts with a concurrency limit below {SMALL_ACCOUNT:,},"
                    f" this one has {limit}, often allow no more than {MAX_MEMORY_OF_NEW_ACCOUNTS:,} MB (a rule of"
                    " thumb, no API returns the cap)"
                )
                hint = advise(JudgementAdvice.LOWER_MEMORY, MAX_MEMORY_OF_NEW_ACCOUNTS)
                yield _warning(message, name, member.resolver.template.file, line, hint, QUOTA_DOCS)


def _number(resolver: Resolver, raw: object, path: tuple[str, ...]) -> int:
    """A property as a number, 0 where it is unset, unknown or no number, which cfn-lint reports."""
    try:
        return whole_number(resolver.value(raw, path))
    except ValueError:
        return 0


def refused_rollback(result: Preflight) -> Iterator[Finding]:
    """A warning where the update fits and its rollback would not: what it lowers could not be raised back.

    That is so only in accounts with less unreserved than their floor, for example since AWS lowered the limit.
    """
    judgement = result.concurrency
    if judgement.verdict is not Verdict.FITS or not isinstance(judgement.unreserved, int):
        return
    if not isinstance(judgement.floor, Floor) or judgement.unreserved >= minimum(judgement.floor):
        return
    lowered = [change for change in result.changes if change.wanted and _is_lowered(change)]
    if lowered and (first := lowered[0].wanted):
        names = ", ".join(change.logical_id for change in lowered)
        message = (
            f"Lambda would refuse a rollback to the present concurrency of {names}:"
            f" {judgement.unreserved} executions are unreserved, below the minimum of {minimum(judgement.floor)}"
        )
        file, line = first.claim_place
        file = file or result.tree.resolver.template.file
        yield _warning(message, first.logical_id, file, line, advise(JudgementAdvice.LOWER_ALONE))


def busy_account(result: Preflight) -> Iterator[Finding]:
    """A warning where what is left is less than what ran beside the reservations in the last two weeks.

    ClaimedAccountConcurrency is that with the reservations and the provisioned concurrency:
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-concurrency.html
    """
    judgement = result.concurrency
    match result.account.claimed_peak, judgement.limit, judgement.unreserved, judgement.outlook.final:
        case int(claimed), int(limit), int(unreserved), int(left) if judgement.verdict is Verdict.FITS:
            peak = claimed - (limit - unreserved)
            if left < peak and any(change.grows for change in result.changes):
                message = f"fits, but leaves {left} unreserved executions while the peak of {PEAK_DAYS} days was {peak}"
                yield _warning(message, None, result.tree.resolver.template.file, None, PEAK_DOCS)


def _is_lowered(change: ClaimChange) -> bool:
    match change.claim_in_place, change.claim_before_cleanup:
        case int(before), int(after):
            return after < before and not change.replaced
        case _:
            return False


SNAPSHOT_AGE = "tapctl:snapshot-age"
"""The rule of a finding on the age of a snapshot."""

_OLD = timedelta(days=1)
"""The age from which on a snapshot is worth a warning: others deploy in the meantime."""


def snapshot_age(account: Account, file: str, now: datetime) -> Iterator[Finding]:
    """A finding on a snapshot that is older than allowed, of which nothing is known, or a warning on an old one."""
    if not account.is_snapshot:
        return
    from tapctl.account.snapshot import age_of, spelled

    age = age_of(account, now)
    if account.stale:
        message, resolution = account.stale.reason, account.stale.resolution
        yield Finding(
            None, Verdict.UNKNOWN, message, file=file, hints=(resolution,) if resolution else (), rule=SNAPSHOT_AGE
        )
    elif age is not None and age >= _OLD:
        message = f"the snapshot is {spelled(age)} old, and the account may have changed since"
        hints: tuple[Hint, ...] = (advise(JudgementAdvice.RENEW_SNAPSHOT),)
        yield Finding(None, Verdict.FITS, message, file=file, hints=hints, rule=SNAPSHOT_AGE, severity="warning")


UNSET_PARAMETER = "tapctl:unset-parameter"
"""The rule of a finding on a parameter without a value, which a deploy refuses."""


def unset_parameters(result: Preflight) -> Iterator[Finding]:
    """A warning for each parameter without a value, where it is known whether a stack keeps one.

    It is not known without a name of the stack, nor from a snapshot without the stack.
    """
    stack, template = result.account.stack, result.tree.resolver.template
    if not result.stack_name or not (isinstance(stack, Stack) or (stack is None and not result.account.is_snapshot)):
        return
    for name in missing_values(template, result.tree.parameters):
        message = f"parameter {name} has neither a value nor a default; a deploy is refused"
        hints: tuple[Hint, ...] = (advise(JudgementAdvice.PASS_PARAMETER, name),)
        file, line = template.place("Parameters", name)
        yield Finding(
            None, Verdict.FITS, message, file=file, line=line, hints=hints, rule=UNSET_PARAMETER, severity="warning"
        )


def unknown_names(tree: StackTree, policy: RemedyPolicy) -> Iterator[Finding]:
    """A warning for each name in `priority` and `minimum` that matches no function.

    Functions whose condition is false match. There is no warning where the template may have functions that it does
    not show.
    """
    if any(member.resolver.template.opaque for member in tree.members()):
        return
    functions = [
        f"{member.prefix}{resource.logical_id}"
        for member in tree.members()
        for resource in member.resolver.template.resources()
        if resource.type == FUNCTION
    ]
    remote = tuple(nested.prefix for nested in tree.remotes())
    for key, names in (("priority", policy.priority), ("minimum", policy.minimum)):
        for name in names:
            if name not in functions and not name.startswith(remote):
                yield _unknown_name(tree.resolver.template.file, key, name, functions)


def unmet_minimums(result: Preflight, policy: RemedyPolicy) -> Iterator[Finding]:
    """A warning for each `minimum` above what its function reserves; 0 stops a function, and no remedy changes it."""
    for function in result.demand.functions:
        minimum_, reserved = policy.minimum.get(function.logical_id, 0), function.reserved
        if isinstance(reserved, int) and 0 < reserved < minimum_:
            message = (
                f"`minimum` in tapctl.toml has {minimum_} for {function.logical_id}, which reserves {reserved}:"
                f" a remedy keeps {reserved} or drops it, and lowers nothing"
            )
            yield _warning(
                message, function.logical_id, *function.claim_place, advise(JudgementAdvice.SET_AT_MOST, reserved)
            )


def _unknown_name(file: str, key: str, name: str, functions: list[str]) -> Finding:
    near = difflib.get_close_matches(name, functions, n=1)
    hint = (
        advise(UsageAdvice.DID_YOU_MEAN, near[0])
        if near
        else advise(JudgementAdvice.TEMPLATE_HAS, ", ".join(functions) or "none")
    )
    message = f"`{key}` in tapctl.toml names {name}, but the template has no such function"
    return Finding(CONCURRENCY.id, Verdict.FITS, message, file=file, hints=(hint,), severity="warning")
