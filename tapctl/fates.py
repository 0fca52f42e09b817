"""What becomes of the functions that a stack holds, told from the templates that it and its nested stacks run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tapctl.account.model import LiveFunction, Stack
from tapctl.errors import TemplateError
from tapctl.headroom.demand import Demand, FunctionDemand
from tapctl.headroom.replacement import CREATE_ONLY, maybe_replaced, replaced, restated
from tapctl.headroom.transition import Fates
from tapctl.template.family import NESTED, Family, passed_down
from tapctl.template.load import from_stack
from tapctl.template.model import Resource
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolve import Resolver
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.ports import AccountReader

RETAINING = ("Retain", "RetainExceptOnCreate")
"""The policies under which a resource leaves its stack and not the account: what goes is treated as the template says
that made it, what is replaced as the new one says."""


def fates(
    reader: AccountReader,
    stack: Stack | Unknown | None,
    kin: Family,
    demand: Demand,
    told: frozenset[str] | None = None,
) -> Fates:
    """Look where functions that the stack holds claim anything; `told` is what a change set says is made anew."""
    if not isinstance(stack, Stack):
        return Fates(told or frozenset())
    wanted = {each.logical_id: each for each in demand.functions}
    claiming = [name for name, held in stack.functions.items() if _matters(name, held, wanted.get(name), told)]
    members = {each.prefix: each for each in kin.members()}
    found = _Look(reader, stack, members, claiming).into("", stack.parameters, kin.resolver) if claiming else Fates()
    return found if told is None else replace(found, made_anew=told)


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
    members: Mapping[str, Family]
    claiming: Collection[str]

    def into(self, prefix: str, given: Mapping[str, str | Unknown], context: Resolver) -> Fates:
        """The fates in one stack and below, which runs with the given parameters."""
        member = self.members.get(prefix)
        body = self.reader.running(replace(self.stack, id=self.stack.nested[prefix]) if prefix else self.stack)
        if isinstance(body, Unknown):
            return Fates(_named(prefix, maybe_replaced(member.resolver))) if body.judged and member else Fates()
        try:
            before = from_stack(body, f"{prefix.rstrip('/')} of {self.stack.name}" if prefix else self.stack.name)
        except TemplateError:
            return Fates()  # a template that only CloudFormation can read says nothing
        declared = {name: value for name, value in given.items() if name in before.parameters}
        resolver = Resolver(before, bind(before, Parameters({}, declared)), context.pseudo, context.lookups)
        found = _fates(resolver, member.resolver if member else None, prefix)
        for resource in before.resources():
            below = f"{prefix}{resource.logical_id}/"
            if resource.type == NESTED and below in self.stack.nested and self._claims_in(below):
                found |= self._nested(below, resource, resolver)
        return found

    def _nested(self, prefix: str, resource: Resource, parent: Resolver) -> Fates:
        if prefix not in self.members and _retains(parent, resource, "DeletionPolicy"):
            inside = [each for each in self.stack.resources or () if each.startswith(prefix)]
            return Fates(leave=frozenset([*inside, *self._claims_in(prefix)]))
        return self.into(prefix, passed_down(parent, resource), parent)

    def _claims_in(self, prefix: str) -> list[str]:
        return [name for name in self.claiming if name.startswith(prefix)]


def _fates(running: Resolver, wanted: Resolver | None, prefix: str) -> Fates:
    """The fates in one stack, told from the template that it runs and the one that it is to run."""
    gone = _retained(running, "DeletionPolicy")
    if wanted is None:
        return Fates(leave=_named(prefix, gone))
    there = {each.logical_id for each in _ours(wanted)}
    return Fates(
        _named(prefix, replaced(running, wanted)),
        _named(prefix, gone - there),
        _named(prefix, _retained(wanted, "UpdateReplacePolicy")),
        _named(prefix, restated(running, wanted)),
    )


def _ours(resolver: Resolver) -> Iterator[Resource]:
    """Functions, versions and aliases, but those that a condition leaves out."""
    for each in resolver.template.resources():
        if each.type in CREATE_ONLY and resolver.exists(each.condition, ("Resources", each.logical_id, "Condition")):
            yield each


def _retained(resolver: Resolver, policy: str) -> frozenset[str]:
    return frozenset(each.logical_id for each in _ours(resolver) if _retains(resolver, each, policy))


def _retains(resolver: Resolver, resource: Resource, policy: str) -> bool:
    """Whether the policy keeps it in the account."""
    written = resolver.template.body["Resources"][resource.logical_id].get(policy)
    return resolver.value(written, ("Resources", resource.logical_id, policy)) in RETAINING


def _named(prefix: str, logical_ids: frozenset[str]) -> frozenset[str]:
    return frozenset(f"{prefix}{each}" for each in logical_ids)
