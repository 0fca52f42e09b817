"""Judges settings that Lambda refuses in any account, such as provisioned concurrency with SnapStart.

Every rule names the page that documents it; what only public reports say is uncertain.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import Demand, EventSource, FunctionDemand, Provisioned, named_version
from tapctl.concurrency.judge import fix_command
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit
from tapctl.resource_types import ALIAS, FUNCTION, PROVISIONED_CONCURRENCY, PUBLISHED
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree
from tapctl.template.resolver import existence
from tapctl.template.values import NO_VALUE, ResourceReference, Value
from tapctl.unknown import Unknown

DOCS = advise(JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html")
API = advise(
    JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html"
)
EVENT_SOURCES = advise(
    JudgementAdvice.READ_PAGE, "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
)

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A property of a function with which Lambda takes no provisioned concurrency, and the values that turn it on."""

    property: str
    is_on: Callable[[Value], bool | Unknown]
    reason: str
    docs: str
    claim: str
    """What has its grade in `tapctl.evidence.claims`."""


def _applies_snap_start(config: Value) -> bool | Unknown:
    applied = config.get("ApplyOn", NO_VALUE) if isinstance(config, dict) else config
    return applied if isinstance(applied, Unknown) else applied == "PublishedVersions"


def _is_set(config: Value) -> bool | Unknown:
    return config if isinstance(config, Unknown) else config is not NO_VALUE


EXCLUSIONS = (
    Exclusion(
        "SnapStart",
        _applies_snap_start,
        "Lambda does not support SnapStart and provisioned concurrency on one version",
        "https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html",
        "snapstart-provisioned",
    ),
    Exclusion(
        "TenancyConfig",
        _is_set,
        "Lambda does not support tenant isolation and provisioned concurrency on one function",
        "https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html",
        "tenancy-provisioned",
    ),
)


@dataclass(frozen=True, slots=True)
class _Holder:
    """A version or alias that provisions concurrency for certain."""

    resource: Resource
    function: str
    provisioned: Provisioned

    @property
    def version(self) -> str | Unknown:
        return self.provisioned.version


Refusal = tuple[Verdict, str, tuple[Hint, ...]]
"""A verdict, its reason, and the next step with the page that documents it."""


def judge_settings(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """At least one finding: the settings that Lambda refuses, or that there are no conflicts."""
    file = result.tree.resolver.template.file
    found = list(_refused_configurations(limit, result))
    yield from found or [Finding(limit.id, Verdict.FITS, f"{limit.title}: no conflicts", file=file)]


def _refused_configurations(limit: Limit, result: Preflight) -> Iterator[Finding]:
    for member in result.tree.members():
        holders = list(_holders(member, result.demand))
        for holder in holders:
            refusals = [
                *_of_one(holder),
                *_of_function(member, holder),
                *_of_version(holder, holders),
                *_of_live_version(holder, result),
                *_of_moved_concurrency(member, holder, holders, result),
            ]
            for verdict, message, hints in refusals:
                file, line = member.resolver.template.file, holder.provisioned.line
                yield Finding(limit.id, verdict, message, holder.function, file, line, hints)
    yield from overrunning_sources(limit, result)


def has_settings(tree: StackTree) -> bool:
    """Whether the template sets anything that `judge_settings` judges."""
    return any(
        PROVISIONED_CONCURRENCY in resource.properties
        if resource.type in PUBLISHED
        else "ScalingConfig" in resource.properties
        for member in tree.members()
        for resource in member.resolver.template.resources()
    )


def _holders(member: StackTree, demand: Demand) -> Iterator[_Holder]:
    """Versions and aliases that provision for certain; the claims of others are unknown."""
    resolver = member.resolver
    claims = {
        f"{_prefix(function)}{provisioned.logical_id}": (function.logical_id, provisioned)
        for function in demand.functions
        for provisioned in function.provisioned
    }
    for resource in resolver.template.resources():
        claim = claims.get(f"{member.prefix}{resource.logical_id}")
        if resource.type not in PUBLISHED or not claim:
            continue
        path = ("Resources", resource.logical_id, "Properties", PROVISIONED_CONCURRENCY)
        config = resolver.value(resource.properties.get(PROVISIONED_CONCURRENCY), path)
        if isinstance(config, dict) and existence(resolver, resource) is True and member.exists is True:
            yield _Holder(resource, *claim)


def _prefix(function: FunctionDemand) -> str:
    """The prefix of the nested stack that a function is in."""
    return function.logical_id[: function.logical_id.rfind("/") + 1]


def _of_one(holder: _Holder) -> Iterator[Refusal]:
    """Findings on one alias or version by itself."""
    name, version = f"{holder.resource.logical_id} of {holder.function}", holder.version
    if version == LATEST:
        message = f"alias {name} provisions concurrency on {LATEST}; Lambda allows it on a published version only"
        yield Verdict.EXCEEDS, message, (advise(JudgementAdvice.SET_FUNCTION_VERSION), DOCS)
    elif isinstance(version, Unknown) and not isinstance(version, ResourceReference):
        message = f"alias {name} provisions concurrency on an unknown version: {version.reason}"
        yield Verdict.UNKNOWN, message, _next_step(version)
    if holder.provisioned.value == 0:
        message = f"{name} provisions 0; Lambda requires at least 1"
        yield Verdict.EXCEEDS, message, (advise(JudgementAdvice.LEAVE_PROVISIONED_OUT), API)


def _next_step(unknown: Unknown) -> tuple[Hint, ...]:
    return (unknown.resolution,) if unknown.resolution else ()


def _of_function(member: StackTree, holder: _Holder) -> Iterator[Refusal]:
    """Findings on provisioned concurrency together with a property of its function."""
    resolver, name = member.resolver, holder.function.removeprefix(member.prefix)
    definition = resolver.template.body["Resources"].get(name) or {}
    properties = definition.get("Properties") or {}
    if definition.get("Type") != FUNCTION:
        return
    for exclusion in EXCLUSIONS:
        raw = properties.get(exclusion.property, NO_VALUE)
        is_on = exclusion.is_on(resolver.value(raw, ("Resources", name, "Properties", exclusion.property)))
        message = f"{holder.function} sets {exclusion.property} and {holder.resource.logical_id} provisions concurrency"
        if isinstance(is_on, Unknown):
            yield Verdict.UNKNOWN, f"{message}, maybe: {is_on.reason}", _next_step(is_on)
        elif is_on:
            # A version with a number was published before, maybe without the property.
            earlier = isinstance(holder.version, str)
            verdict = Verdict.UNCERTAIN if earlier else Verdict.EXCEEDS
            leave_out = advise(JudgementAdvice.LEAVE_ONE_SETTING_OUT, exclusion.property)
            yield (
                verdict,
                f"{message}; {exclusion.reason}",
                (leave_out, advise(JudgementAdvice.READ_PAGE, exclusion.docs)),
            )


def _of_version(holder: _Holder, holders: list[_Holder]) -> Iterator[Refusal]:
    """Findings on two that provision on one version, reported on the second of them, or on the alias."""
    same = [other for other in holders if other is holder or _share_version(holder, other)]
    first = next((other for other in same if other.resource.type != ALIAS), same[0])
    if first is not holder:
        message = (
            f"{holder.resource.logical_id} and {first.resource.logical_id} provision concurrency on one version of"
            f" {holder.function}; Lambda allows one configuration per version"
        )
        yield Verdict.EXCEEDS, message, (advise(JudgementAdvice.PROVISION_ON_ONE), DOCS)


def _of_live_version(holder: _Holder, result: Preflight) -> Iterator[Refusal]:
    """Findings on an alias of a version that already provisions, outside of the stack."""
    change = _change(holder, result)
    held = (change.live.holders or {}) if change and change.live and not change.replaced else {}
    if isinstance(holder.version, str) and f":{holder.version}" in held and change:
        message = (
            f"version {holder.version} of {holder.function} provisions concurrency already, outside of the stack;"
            f" Lambda allows one configuration per version, and refuses that of {holder.resource.logical_id}"
        )
        yield Verdict.EXCEEDS, message, (fix_command(change) or advise(JudgementAdvice.PROVISION_ON_ONE), DOCS)


def _change(holder: _Holder, result: Preflight) -> ClaimChange | None:
    return next((change for change in result.changes if change.logical_id == holder.function), None)


def _of_moved_concurrency(
    member: StackTree, holder: _Holder, holders: list[_Holder], result: Preflight
) -> Iterator[Refusal]:
    """Findings on an alias while another one, or the one that it replaces, provisions on its version.

    CloudFormation deletes last, and updates two aliases in no promised order.
    """
    change, effects, version = _change(holder, result), result.effects, named_version(holder.version)
    fixed = {f"{member.prefix}{version}", holder.function} & (effects.replaced - effects.maybe_replaced)
    if not version or fixed or change is None or change.live is None:
        return
    staying = {other.resource.logical_id for other in holders if other is not holder and _share_version(holder, other)}
    for name in {*(change.live.holders or ())} - staying:
        alias = f"{member.prefix}{name}"
        is_deleted = alias in effects.replaced | effects.removed
        if effects.old_versions.get(alias) != version or (name == holder.resource.logical_id and not is_deleted):
            continue
        open_names = {alias, f"{member.prefix}{version}", holder.function} & effects.maybe_replaced
        verdict = Verdict.EXCEEDS if is_deleted and not open_names else Verdict.UNCERTAIN
        when = "until CloudFormation deletes it, which it does last" if is_deleted else "until it is updated"
        message = (
            f"{holder.resource.logical_id} provisions concurrency on the version on which {name} holds it {when};"
            " Lambda allows one configuration per version"
        )
        yield verdict, message, (advise(JudgementAdvice.REMOVE_PROVISIONED_FIRST, name), DOCS)


def _share_version(one: _Holder, other: _Holder) -> bool:
    name = named_version(one.version)
    return bool(name) and one.function == other.function and name == named_version(other.version)


def overrunning_sources(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """A finding for each function whose event sources may run it more often at once than it reserves.

    Two public reports say that Lambda refuses it, and its answer is not documented: uncertain.
    """
    by_function: dict[str, list[EventSource]] = {}
    for source in result.demand.event_sources:
        by_function.setdefault(source.function, []).append(source)
    reservations = _reservations(result)
    for name, sources in by_function.items():
        reserved = reservations.get(name)
        if _is_unchanged(result, name, sources):
            continue
        if reserved and (overrun := _overrun(name, sources, reserved)):
            verdict, message, hints = overrun
            yield Finding(limit.id, verdict, message, name, sources[0].file, sources[0].line, hints)


def _is_unchanged(result: Preflight, function: str, sources: list[EventSource]) -> bool:
    """Whether the live stack has the reservation and the event sources already, so that Lambda accepted them."""
    change = next((change for change in result.changes if change.logical_id == function), None)
    if change is None or change.wanted is None or change.live is None or change.replaced:
        return False
    same = change.live.reserved == change.wanted.reserved and function not in result.plan.changes
    return same and all(source.logical_id in result.effects.unchanged_sources for source in sources)


def _overrun(function: str, sources: list[EventSource], reserved: int) -> Refusal | None:
    maximums, names = [source.maximum for source in sources], ", ".join(source.logical_id for source in sources)
    known = sum(maximum for maximum in maximums if isinstance(maximum, int))
    if known > reserved:
        message = (
            f"{names} may run {function} {known} times at once, but it reserves {reserved}; public reports say that"
            " Lambda refuses it, AWS does not document it"
        )
        lower = advise(JudgementAdvice.SET_MAXIMUM_CONCURRENCY, reserved)
        return Verdict.UNCERTAIN, message, (lower, EVENT_SOURCES)
    unknown = next((maximum for maximum in maximums if isinstance(maximum, Unknown)), None)
    if unknown:
        message = (
            f"{names} may run {function} more often at once than the {reserved} that it reserves: {unknown.reason}"
        )
        return Verdict.UNKNOWN, message, _next_step(unknown)
    return None


def _reservations(result: Preflight) -> Mapping[str, int]:
    """The known reservations of the deploy: those of the remedy, where there is one."""
    remedied = {name: remedy.value or 0 for name, remedy in result.plan.remedies.items()}
    asked = {
        function.logical_id: function.reserved
        for function in result.demand.functions
        if isinstance(function.reserved, int)
    }
    return {**asked, **remedied}
