"""What becomes of the functions that a stack holds, told from the templates that it and its nested stacks run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tapctl.account.model import LiveFunction, Stack
from tapctl.errors import TemplateError
from tapctl.headroom.claims import FUNCTION
from tapctl.headroom.demand import Demand, FunctionDemand
from tapctl.headroom.replacement import maybe_replaced, replaced
from tapctl.template.family import NESTED, Family, passed_down
from tapctl.template.load import from_stack
from tapctl.template.model import Resource
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolve import Resolver
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.ports import AccountReader

RETAINING = ("Retain", "RetainExceptOnCreate")
"""The DeletionPolicies under which a resource leaves its stack and not the account."""


@dataclass(frozen=True, slots=True)
class Fates:
    """`made_anew` names what the update replaces, `stays` the functions that go on in the account without a stack."""

    made_anew: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()

    def __or__(self, other: Fates) -> Fates:
        return Fates(self.made_anew | other.made_anew, self.stays | other.stays)


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
    going = [name for name, held in stack.functions.items() if name not in wanted and held.claim != 0]
    staying = [name for name, held in stack.functions.items() if name in wanted and _matters(wanted[name], held)]
    claiming = going if told is not None else going + staying
    members = {each.prefix: each for each in kin.members()}
    look = _Look(reader, stack, members, claiming, wanted)
    found = look.into("", stack.parameters, kin.resolver) if claiming else Fates()
    return found if told is None else replace(found, made_anew=told)


def _matters(wanted: FunctionDemand, held: LiveFunction) -> bool:
    """Whether it counts that it is made anew: it claims something, or what it provisions must fit a reservation."""
    return wanted.claim != 0 or (wanted.reserved is not None and held.provisioned != 0)


@dataclass(frozen=True, slots=True)
class _Look:
    """Goes down from a stack to its nested ones, where a function is worth it."""

    reader: AccountReader
    stack: Stack
    members: Mapping[str, Family]
    claiming: Collection[str]
    wanted: Collection[str]

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
        anew = replaced(resolver, member.resolver) if member else frozenset()
        found = Fates(_named(prefix, anew), frozenset(self._staying(prefix, resolver)))
        for resource in before.resources():
            below = f"{prefix}{resource.logical_id}/"
            if resource.type == NESTED and below in self.stack.nested and self._claims_in(below):
                found |= self._nested(below, resource, resolver)
        return found

    def _nested(self, prefix: str, resource: Resource, parent: Resolver) -> Fates:
        if prefix not in self.members and _retained(parent, resource):
            return Fates(stays=frozenset(self._claims_in(prefix)))
        return self.into(prefix, passed_down(parent, resource), parent)

    def _claims_in(self, prefix: str) -> list[str]:
        return [name for name in self.claiming if name.startswith(prefix)]

    def _staying(self, prefix: str, running: Resolver) -> Iterator[str]:
        for resource in running.template.resources():
            name = f"{prefix}{resource.logical_id}"
            if resource.type == FUNCTION and name not in self.wanted and _retained(running, resource):
                yield name


def _named(prefix: str, logical_ids: frozenset[str]) -> frozenset[str]:
    return frozenset(f"{prefix}{each}" for each in logical_ids)


def _retained(running: Resolver, resource: Resource) -> bool:
    """What goes is treated as the template says that made it."""
    policy = running.template.body["Resources"][resource.logical_id].get("DeletionPolicy")
    return running.value(policy, ("Resources", resource.logical_id, "DeletionPolicy")) in RETAINING
