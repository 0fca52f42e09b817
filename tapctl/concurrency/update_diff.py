"""What becomes of the functions that a stack holds, told from the templates that it and its nested stacks run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import Demand, FunctionDemand
from tapctl.concurrency.replacement import (
    Difference,
    concurrency_resources,
    maybe_replaced,
    replaced,
    same_name,
    unchanged_concurrency,
)
from tapctl.errors import TemplateError
from tapctl.resource_types import STACK
from tapctl.template.load import from_stack
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree, passed_down
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader

RETAINING = ("Retain", "RetainExceptOnCreate")
"""The policies under which a resource leaves its stack and not the account: what goes is treated as the template says
that made it, what is replaced as the new one says."""


def update_effects(
    reader: AccountReader,
    stack: Stack | Unknown | None,
    tree: StackTree,
    demand: Demand,
    told: frozenset[str] | None = None,
) -> UpdateEffects:
    """Look where functions that the stack holds claim anything; `told` is what a change set says is made anew."""
    if not isinstance(stack, Stack):
        return UpdateEffects(told or frozenset())
    wanted = {each.logical_id: each for each in demand.functions}
    holding = {**stack.functions, **stack.outside}
    claiming = [name for name, held in holding.items() if _matters(name, held, wanted.get(name), told)]
    members = {each.prefix: each for each in tree.members()}
    found = (
        _Look(reader, stack, members, claiming).into("", stack.parameters, tree.resolver)
        if claiming
        else UpdateEffects()
    )
    return found if told is None else replace(found, replacements=told, perhaps=frozenset(), unread="")


def _matters(name: str, held: LiveFunction, wanted: FunctionDemand | None, told: frozenset[str] | None) -> bool:
    """Whether it counts what becomes of it: it holds something that may be freed or held twice, or is to get it.

    A change set has told what is made anew; what is left open then is what is retained, and what was set by hand.
    """
    if held.reserved is None and held.provisioned == 0 and (wanted is None or wanted.claim == 0):
        return False
    if wanted is None or told is None or name in told:
        return True
    return held.provisioned != 0 or held.reserved != wanted.reserved


@dataclass(frozen=True, slots=True)
class _Look:
    """Goes down from a stack to its nested ones, where a function is worth it."""

    reader: AccountReader
    stack: Stack
    members: Mapping[str, StackTree]
    claiming: Collection[str]

    def into(self, prefix: str, given: Mapping[str, str | Unknown], context: Resolver) -> UpdateEffects:
        """The fates in one stack and below, which runs with the given parameters."""
        member = self.members.get(prefix)
        wanted = member.resolver if member else None
        body = self.reader.deployed_template(
            replace(self.stack, id=self.stack.nested[prefix]) if prefix else self.stack
        )
        if isinstance(body, Unknown):
            return _unread(wanted, prefix) if body.judged else UpdateEffects(unread=body.reason)
        try:
            running = self._running(body, prefix, given, context)
            return _fates(running, wanted, prefix) | self._below(running, wanted, prefix)
        except TemplateError:
            return _unread(wanted, prefix)  # CloudFormation can read templates that we cannot

    def _running(
        self, body: Mapping[str, Any] | str, prefix: str, given: Mapping[str, str | Unknown], context: Resolver
    ) -> Resolver:
        template = from_stack(body, f"{prefix.rstrip('/')} of {self.stack.name}" if prefix else self.stack.name)
        declared = {name: value for name, value in given.items() if name in template.parameters}
        bound = bind(template, Parameters({}, declared, self.stack.stored))
        return Resolver(template, bound, context.pseudo, context.lookups)

    def _below(self, running: Resolver, wanted: Resolver | None, prefix: str) -> UpdateEffects:
        found = UpdateEffects()
        for resource in running.template.resources():
            below = f"{prefix}{resource.logical_id}/"
            if resource.type == STACK and below in self.stack.nested and self._claims_in(below):
                found |= self._nested(below, resource, running, wanted)
        return found

    def _nested(self, prefix: str, resource: Resource, running: Resolver, wanted: Resolver | None) -> UpdateEffects:
        if prefix not in self.members:
            if wanted and resource.logical_id in _there(wanted):
                return UpdateEffects()  # its new template is not here: what it holds is unknown in any case
            if _retains(running, resource, "DeletionPolicy"):
                inside = [each for each in self.stack.resources or () if each.startswith(prefix)]
                return UpdateEffects(leave=frozenset([*inside, *self._claims_in(prefix)]))
        unnamed = {name: value for name, value in running.pseudo.items() if name != "AWS::StackName"}
        return self.into(prefix, passed_down(running, resource), replace(running, pseudo=unnamed))

    def _claims_in(self, prefix: str) -> list[str]:
        return [name for name in self.claiming if name.startswith(prefix)]


def _unread(wanted: Resolver | None, prefix: str) -> UpdateEffects:
    """What may be made anew where the running template cannot be read."""
    maybe = _named(prefix, maybe_replaced(wanted)) if wanted else frozenset()
    return UpdateEffects(maybe, perhaps=maybe)


def _fates(running: Resolver, wanted: Resolver | None, prefix: str) -> UpdateEffects:
    """The fates in one stack, told from the template that it runs and the one that it is to run."""
    gone = _retained(running, "DeletionPolicy")
    if wanted is None:
        return UpdateEffects(leave=_named(prefix, gone))
    anew = replaced(running, wanted)
    return UpdateEffects(
        _named(prefix, anew),
        _named(prefix, (name for name, differs in anew.items() if differs is Difference.MAYBE)),
        _named(prefix, gone - {*concurrency_resources(wanted)}),
        _named(prefix, _retained(wanted, "UpdateReplacePolicy")),
        _named(prefix, unchanged_concurrency(running, wanted)),
        _named(prefix, same_name(running, wanted)),
    )


def _there(wanted: Resolver) -> set[str]:
    """The resources that no condition leaves out."""
    here = ((each, ("Resources", each.logical_id, "Condition")) for each in wanted.template.resources())
    return {each.logical_id for each, path in here if wanted.exists(each.condition, path)}


def _retained(resolver: Resolver, policy: str) -> frozenset[str]:
    return frozenset(name for name, each in concurrency_resources(resolver).items() if _retains(resolver, each, policy))


def _retains(resolver: Resolver, resource: Resource, policy: str) -> bool:
    """Whether the policy keeps it in the account."""
    written = resolver.template.body["Resources"][resource.logical_id].get(policy)
    return resolver.value(written, ("Resources", resource.logical_id, policy)) in RETAINING


def _named(prefix: str, logical_ids: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{prefix}{each}" for each in logical_ids)


@dataclass(frozen=True, slots=True)
class UpdateEffects:
    """What an update does to functions, versions and aliases, by their names.

    `replacements` are replaced, some of them only `perhaps`. `leave` are not in the template any more and go on in the
    account, by the DeletionPolicy that they were made with; `outlast` do so where they are replaced, by their
    UpdateReplacePolicy. `restated` are those to which the running template already gives the same concurrency, and
    `same_name` the functions that it names in the same way. `unread` says why nobody could compare, so that what is
    made anew is not known and not counted.
    """

    replacements: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    leave: frozenset[str] = frozenset()
    outlast: frozenset[str] = frozenset()
    restated: frozenset[str] = frozenset()
    same_name: frozenset[str] = frozenset()
    unread: str = ""

    def __or__(self, other: Self) -> Self:
        return type(self)(
            self.replacements | other.replacements,
            self.perhaps | other.perhaps,
            self.leave | other.leave,
            self.outlast | other.outlast,
            self.restated | other.restated,
            self.same_name | other.same_name,
            self.unread or other.unread,
        )


def diff(
    demand: Demand, live: Mapping[str, LiveFunction], fates: UpdateEffects = UpdateEffects()
) -> tuple[ClaimChange, ...]:
    """Pair the template's functions with the stack's by logical id."""
    wanted = {function.logical_id: function for function in demand.functions}
    changes = [_change(function, live.get(logical_id), fates) for logical_id, function in wanted.items()]
    gone = {logical_id: held for logical_id, held in live.items() if logical_id not in wanted}
    changes += [_removal(logical_id, held, fates) for logical_id, held in gone.items()]
    return tuple(changes)


def _change(function: FunctionDemand, live: LiveFunction | None, fates: UpdateEffects) -> ClaimChange:
    itself, prefix = function.logical_id, _prefix(function.logical_id)
    known = {*((live.holders if live else None) or ()), *(each.logical_id for each in function.provisioned)}

    def mine(names: frozenset[str]) -> frozenset[str]:
        """Those of the names that are the function's own versions and aliases, without the nested stack's."""
        return frozenset(name for name in known if f"{prefix}{name}" in names)

    sure = _surely_replaced(function, live, fates)
    replaced = live is not None and (sure or itself in fates.replacements or _renamed(function, live, fates))
    gone = fates.replacements - fates.perhaps
    return ClaimChange(
        itself,
        function,
        live,
        replaced,
        renewed=mine(fates.replacements),
        stays=sure and itself in fates.outlast,
        kept=mine(fates.leave | (fates.outlast if sure else fates.outlast & gone)),
        restated=mine(fates.restated) | ({itself} & fates.restated),
        perhaps=mine(fates.perhaps) | ({itself} if replaced and not sure else frozenset()),
    )


def _removal(logical_id: str, live: LiveFunction, fates: UpdateEffects) -> ClaimChange:
    prefix = _prefix(logical_id)
    kept = frozenset(name for name in live.holders or () if f"{prefix}{name}" in fates.leave)
    return ClaimChange(logical_id, None, live, stays=logical_id in fates.leave, kept=kept)


def _prefix(logical_id: str) -> str:
    """Of the nested stack that a function is in; its versions and aliases are there too."""
    inside = logical_id.rpartition("/")[0]
    return f"{inside}/" if inside else ""


def _surely_replaced(function: FunctionDemand, live: LiveFunction | None, fates: UpdateEffects) -> bool:
    if live is None:
        return False
    renamed = _renamed(function, live, fates) and not isinstance(function.name, Unknown)
    return renamed or function.logical_id in fates.replacements - fates.perhaps


def _renamed(function: FunctionDemand, live: LiveFunction, fates: UpdateEffects) -> bool:
    """FunctionName is create-only. A name that is not known yet may be another one, so it counts as one."""
    alike = function.name is None or function.logical_id in fates.same_name
    return not alike and function.name != live.physical_id
