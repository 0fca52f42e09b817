"""The findings on concurrency: which functions, on which line, and the next steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tapctl.account.model import Holders, Stack
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import FunctionDemand
from tapctl.concurrency.judge import (
    WOULD_LEAVE,
    Floor,
    Judgement,
    check_provisioned,
    fix_command,
    open_provision,
    suggestion,
)
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, NeededIncrease, Verdict
from tapctl.concurrency.warnings import concurrency_warnings
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit
from tapctl.resource_types import EVENT_SOURCE_MAPPING
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence
from tapctl.template.values import ResourceReference
from tapctl.unknown import Unknown, known

HOLDERS = 3
"""How many holders of reservations a hint names."""

NAMED = 10
"""How many functions a message names at most."""


def concurrency_findings(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """The verdict on concurrency, with the functions that it is about.

    A refusal or an unknown of one function is a finding on that function. A sum over several functions is one finding
    that names them all.
    """
    judgement = result.concurrency
    if judgement.verdict is Verdict.FITS:
        findings = []
    else:
        findings = (
            list(_beyond_reservation(limit, result))
            or list(_unknown_claims(limit, result))
            or list(_growing(limit, result))
        )
    yield from findings or [
        Finding(
            limit.id,
            judgement.verdict,
            judgement.reason,
            file=result.tree.resolver.template.file,
            hints=_some(judgement.resolution),
        )
    ]
    yield from _unneeded_reads(limit, result)
    yield from concurrency_warnings(result)


def _unneeded_reads(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """Reads that failed and were not needed, since no function claims more than it holds."""
    judgement, stack = result.concurrency, result.account.stack
    if judgement.verdict is not Verdict.FITS:
        return
    unread = [value for value in (judgement.limit, judgement.unreserved, stack) if isinstance(value, Unknown)]
    for unknown in dict.fromkeys(unread):
        yield Finding(
            limit.id,
            Verdict.UNKNOWN,
            f"{limit.title}: {unknown.reason}",
            file=result.tree.resolver.template.file,
            hints=_some(unknown.resolution),
            judged=False,
        )


def _beyond_reservation(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """The functions whose provisioned concurrency does not fit into their reservation."""
    remedied = result.plan.possible
    for change in result.changes:
        refusal = check_provisioned(change)
        if refusal and change.wanted and refusal[0] is result.concurrency.verdict:
            hint = fix_command(change) or (None if remedied else suggestion(change))
            yield _finding(limit, result, [change.wanted], refusal[1], hint)


def _unknown_claims(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """The functions whose unknown claim leaves the verdict unknown."""
    if result.concurrency.verdict is not Verdict.UNKNOWN:
        return
    for change in result.changes:
        unknown = unknown_claim(change)
        if unknown and change.wanted:
            message = f"{_claims([change.wanted])}: {unknown.reason}"
            yield _finding(limit, result, [change.wanted], message, unknown.resolution)


def _growing(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """The functions that claim more than they hold, as one finding."""
    judgement = result.concurrency
    growing = [change for change in result.changes if change.wanted and change.grows]
    if judgement.verdict is Verdict.EXCEEDS:
        # An unknown claim may be 0: where the known ones exceed the limit in any case, they are the reason.
        growing = [change for change in growing if unknown_claim(change) is None]
    functions = [change.wanted for change in growing if change.wanted]
    if functions:
        held_twice = _held_twice(growing) if _fits_in_the_end(judgement) else ""
        link = ", which " if judgement.reason.startswith(WOULD_LEAVE) else ": "
        message = f"{_claims(functions)}{link}{judgement.reason}{held_twice}"
        yield _finding(limit, result, functions, message, judgement.resolution)


def _finding(
    limit: Limit, result: Preflight, functions: Sequence[FunctionDemand], message: str, hint: Hint | None
) -> Finding:
    """A finding on one or several functions, on the line of the first."""
    names = tuple(function.logical_id for function in functions)
    file, line = functions[0].claim_place
    hints, increase = (_some(hint), None) if hint else _next_steps(limit, result, names)
    return Finding(
        limit.id,
        result.concurrency.verdict,
        message,
        resource=names[0] if len(names) == 1 else None,
        file=file or result.tree.resolver.template.file,
        line=line,
        hints=hints,
        resources=names if len(names) > 1 else (),
        increase=increase,
    )


def _claims(functions: Sequence[FunctionDemand]) -> str:
    """For example `Fn reserves 100`, or `A, B and C reserve 300 in total`."""
    claims = [function.claim for function in functions]
    verbs = {"provision" if function.reserved is None else "reserve" for function in functions}
    if len(functions) == 1:
        name = functions[0].logical_id
        return (
            f"the claim of {name} cannot be determined"
            if isinstance(claims[0], Unknown)
            else f"{name} {verbs.pop()}s {claims[0]}"
        )
    verb = verbs.pop() if len(verbs) == 1 else "claim"
    least = "at least " if any(isinstance(claim, Unknown) for claim in claims) else ""
    return f"{listed([function.logical_id for function in functions])} {verb} {least}{sum(map(known, claims))} in total"


def listed(names: Sequence[str], of: str = "functions") -> str:
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more {of}"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _fits_in_the_end(judgement: Judgement) -> bool:
    """Whether the update may fail although its end fits."""
    match judgement.outlook.final, judgement.floor:
        case int(final), Floor(safe=safe):
            return judgement.verdict in (Verdict.EXCEEDS, Verdict.UNCERTAIN) and final >= safe
        case _:
            return False


def _held_twice(growing: Sequence[ClaimChange]) -> str:
    """Which replacements make the peak lower than the end, as the end of a message."""
    functions = [change.logical_id for change in growing if change.replaced]
    versions = [name for change in growing if not change.replaced for name in sorted(change.replaced_versions)]
    names = [*functions, *versions]
    if not names:
        return ""
    if len(names) == 1:
        return f"; {names[0]} is replaced, and the old one keeps its concurrency until it is deleted"
    return f"; {listed(names)} are replaced, and the old ones keep their concurrency until they are deleted"


def first_unknown(changes: tuple[ClaimChange, ...]) -> tuple[str, Unknown] | None:
    """The first function whose claim is unknown, and why; without it no remedy is certain to help."""
    unknowns = ((change.logical_id, unknown_claim(change)) for change in changes if change.wanted)
    return next(((name, unknown) for name, unknown in unknowns if unknown), None)


def unknown_claim(change: ClaimChange) -> Unknown | None:
    """The unknown part of a function's claim: of the new one, or of the one that it holds."""
    provisioned = change.wanted.provisioned_total if change.wanted else 0
    values = (change.claim_after, provisioned, change.claim_before)
    return next((value for value in values if isinstance(value, Unknown)), open_provision(change))


def _some(hint: Hint | None) -> tuple[Hint, ...]:
    return (hint,) if hint else ()


def _next_steps(
    limit: Limit, result: Preflight, functions: Sequence[str]
) -> tuple[tuple[Hint, ...], NeededIncrease | None]:
    """The two steps where there are some to do; else the remedy, a higher quota, and throttles that reserve nothing."""
    if result.two_step:
        return (_some(result.two_step.instead) if result.two_step.first is None else (two_steps(result),)), None
    verdict, plan = result.concurrency.verdict, result.plan
    remedy: Hint
    others = _held_by_others(result)
    if verdict not in (Verdict.EXCEEDS, Verdict.UNCERTAIN):
        return (), None
    if plan.possible and plan.changes:
        apply = JudgementAdvice.ALLOW_REMEDY if result.remedy_asks else JudgementAdvice.APPLY_REMEDY
        remedy = advise(apply, result.env_option)
    elif unknown := first_unknown(result.changes):
        remedy = advise(JudgementAdvice.DETERMINE_CLAIM, unknown[0], unknown[1].reason)
    elif verdict is Verdict.UNCERTAIN:
        remedy = advise(JudgementAdvice.PASS_MINIMUM)
    elif result.reserved_by_others:
        remedy, others = (*others, advise(JudgementAdvice.FREE_RESERVATIONS))[0], ()
    else:
        remedy = _ask_for_less(result)
    increase, instead = _increase(limit, result), throttles(result.tree).for_functions(functions)
    return (remedy, *others, *_higher_limit(result, increase), *instead), increase


def two_steps(result: Preflight) -> Hint:
    """The hint on the two steps, which are deployed at once, with consent, or not at all."""
    if result.remedy_forbidden:
        return advise(JudgementAdvice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED)
    return advise(JudgementAdvice.ALLOW_TWO_STEPS if result.remedy_asks else JudgementAdvice.DEPLOY_IN_TWO_STEPS)


def _held_by_others(result: Preflight) -> tuple[Hint, ...]:
    """The functions outside of the stack that reserve the most, where they were read."""
    holders, stack = result.account.holders, result.account.stack
    if isinstance(holders, Unknown):
        return ()
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    others = holders.largest({function.physical_id for function in functions})
    if not others:
        return ()
    named = ", ".join(f"{name} {value}" for name, value in others[:HOLDERS])
    more = len(others) - HOLDERS
    return (advise(JudgementAdvice.FREE_RESERVATIONS_OF, f"{named}{f' and {more} more' if more > 0 else ''}"),)


def _ask_for_less(result: Preflight) -> Hint:
    """How to ask for less in the template, where no other function could free concurrency."""
    growing = [change.wanted for change in result.changes if change.grows and change.wanted]
    provisions = any(wanted.provisioned for wanted in growing)
    reserves = any(wanted.reserved is not None for wanted in growing)
    match result.concurrency.unreserved, result.concurrency.floor:
        case int(unreserved), Floor(hard=hard, safe=safe) if unreserved > max(hard, safe):
            return advise(JudgementAdvice.PROVISION_LESS) if provisions else advise(JudgementAdvice.RESERVE_LESS)
        case _ if provisions and reserves:
            return advise(JudgementAdvice.LEAVE_BOTH_OUT)
        case _ if provisions:
            return advise(JudgementAdvice.LEAVE_PROVISIONED_OUT)
        case _:
            return advise(JudgementAdvice.LEAVE_RESERVATION_OUT)


def _increase(limit: Limit, result: Preflight) -> NeededIncrease | None:
    """The higher limit that would be enough; the sandbox's is not requested."""
    judgement = result.concurrency
    if result.is_sandbox or not judgement.lacking or not isinstance(judgement.limit, int):
        return None
    # Service Quotas refuses values up to the default of 1000, however small the applied value is.
    return NeededIncrease(limit, max(1001, judgement.limit + judgement.lacking), result.pending_increases)


def _higher_limit(result: Preflight, increase: NeededIncrease | None) -> tuple[Hint, ...]:
    """How to get a higher limit, unless a requested increase that would be enough is pending."""
    judgement, region = result.concurrency, result.account.region
    if increase:
        quota = increase.limit.key.split("/")
        request = advise(JudgementAdvice.OR_REQUEST_INCREASE, *quota, increase.value)
        if region:
            request = advise(JudgementAdvice.OR_REQUEST_INCREASE_IN_REGION, *quota, increase.value, region)
        return increase.hints(request)
    if judgement.lacking and isinstance(judgement.limit, int):
        hidden = _overcommitted(judgement, result.account.holders)
        return (advise(JudgementAdvice.OR_RAISE_SANDBOX_LIMIT, judgement.limit + judgement.lacking + hidden),)
    return ()


def _overcommitted(judgement: Judgement, holders: Holders | Unknown) -> int:
    """How much more than its limit the functions of a sandbox reserve, which its unreserved concurrency of 0 hides."""
    match holders, judgement.limit, judgement.unreserved:
        case Holders(functions), int(limit), int(unreserved):
            return max(0, sum(functions.values()) - (limit - unreserved))
        case _:
            return 0


STAGES = {
    "AWS::ApiGateway::Stage": "MethodSettings.ThrottlingRateLimit",
    "AWS::ApiGatewayV2::Stage": "DefaultRouteSettings.ThrottlingRateLimit",
}
"""The property with which a stage of an API throttles what it calls."""


@dataclass(frozen=True, slots=True)
class Throttles:
    """Throttles that need no reservation: SQS event sources by function, API stages by the stack that they are in."""

    sources: Mapping[str, str]
    stages: Mapping[str, str]

    def for_functions(self, functions: Sequence[str], most: int = 3) -> tuple[Hint, ...]:
        """Throttles that could take the place of the functions' reservations."""
        hints = (hint for name in functions if (hint := self._instead_of(name)))
        return tuple(dict.fromkeys(hints))[:most]

    def _instead_of(self, function: str) -> Hint | None:
        if source := self.sources.get(function):
            return advise(JudgementAdvice.THROTTLE_BY_EVENT_SOURCE, source, function)
        stage = self.stages.get(function.rpartition("/")[0], "")
        return advise(JudgementAdvice.THROTTLE_BY_STAGE, stage) if stage else None


def throttles(tree: StackTree) -> Throttles:
    """The throttles of the whole tree."""
    sources: dict[str, str] = {}
    stages: dict[str, str] = {}
    for member in tree.members():
        for resource in member.resolver.template.resources():
            if resource.type == EVENT_SOURCE_MAPPING and (function := _queued_function(member, resource)):
                sources.setdefault(f"{member.prefix}{function}", resource.logical_id)
            elif resource.type in STAGES:
                stages.setdefault(member.prefix.rstrip("/"), f"{STAGES[resource.type]} of {resource.logical_id}")
    return Throttles(sources, stages)


def _queued_function(member: StackTree, resource: Resource) -> str:
    """The function that an event source runs from an SQS queue; other sources have no MaximumConcurrency."""
    resolver, path = member.resolver, ("Resources", resource.logical_id, "Properties")
    if existence(resolver, resource) is False:
        return ""
    target = resolver.value(resource.properties.get("FunctionName", ""), (*path, "FunctionName"))
    queue = resolver.value(resource.properties.get("EventSourceArn", ""), (*path, "EventSourceArn"))
    is_queue = ":sqs:" in str(queue) or _type(member, queue) == "AWS::SQS::Queue"
    return target.logical_id if isinstance(target, ResourceReference) and is_queue else ""


def _type(member: StackTree, value: object) -> str:
    if not isinstance(value, ResourceReference):
        return ""
    return str(member.resolver.template.body["Resources"].get(value.logical_id, {}).get("Type"))
