"""The effects of an update on the functions of a stack and its nested stacks, by their deployed templates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.demand import Demand, FunctionDemand
from tapctl.concurrency.deployed import deployed_resolver
from tapctl.concurrency.replacement import (
    NO_EFFECTS,
    UpdateEffects,
    compare_templates,
    retains,
    without_old_template,
)
from tapctl.errors import TemplateError
from tapctl.resource_types import STACK
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree, passed_down
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader


def update_effects(
    reader: AccountReader,
    stack: Stack | Unknown | None,
    tree: StackTree,
    demand: Demand,
    replaced: frozenset[str] | None = None,
) -> UpdateEffects:
    """Compare the deployed templates with the new ones where a function holds or will claim concurrency.

    `replaced` is what a change set reports as replaced; it takes precedence over the comparison.
    """
    if not isinstance(stack, Stack):
        return UpdateEffects(replaced or frozenset())
    wanted = {function.logical_id: function for function in demand.functions}
    holders = {**stack.functions, **stack.outside}
    bounded = {source.function for source in demand.event_sources if _reserves(wanted.get(source.function))}
    claiming = [
        name for name, live in holders.items() if name in bounded or _matters(name, live, wanted.get(name), replaced)
    ]
    members = {member.prefix: member for member in tree.members()}
    effects = (
        _Comparison(reader, stack, members, claiming).of_stack("", stack.parameters, tree.resolver)
        if claiming
        else NO_EFFECTS
    )
    if replaced is None:
        return effects
    return replace(effects, replaced=replaced, maybe_replaced=frozenset(), not_compared_reason="")


def _reserves(function: FunctionDemand | None) -> bool:
    return function is not None and function.reserved is not None


def _matters(name: str, live: LiveFunction, wanted: FunctionDemand | None, replaced: frozenset[str] | None) -> bool:
    """Whether the function holds or will claim concurrency, and the change set leaves something open about it.

    With a change set, only retained functions and concurrency changed outside of the stack are open.
    """
    if live.reserved is None and live.provisioned == 0 and (wanted is None or wanted.claim == 0):
        return False
    if wanted is None or replaced is None or name in replaced:
        return True
    return live.provisioned != 0 or live.reserved != wanted.reserved


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Compares the deployed template of a stack and its nested stacks, those that have `claiming` functions."""

    reader: AccountReader
    stack: Stack
    members: Mapping[str, StackTree]
    claiming: Collection[str]

    def of_stack(self, prefix: str, given: Mapping[str, str | Unknown], context: Resolver) -> UpdateEffects:
        """The effects on the stack with this prefix, which was deployed with the given parameters, and below it."""
        member = self.members.get(prefix)
        new = member.resolver if member else None
        body = self.reader.deployed_template(
            replace(self.stack, id=self.stack.nested[prefix]) if prefix else self.stack
        )
        if isinstance(body, Unknown):
            return without_old_template(new, prefix) if body.judged else UpdateEffects(not_compared_reason=body.reason)
        try:
            old = deployed_resolver(self.stack, body, prefix, given, context)
            return compare_templates(old, new, prefix) | self._below(old, new, prefix)
        except TemplateError:
            return without_old_template(new, prefix)  # CloudFormation reads some templates that tapctl cannot

    def _below(self, old: Resolver, new: Resolver | None, prefix: str) -> UpdateEffects:
        effects = NO_EFFECTS
        for resource in old.template.resources():
            below = f"{prefix}{resource.logical_id}/"
            if resource.type == STACK and below in self.stack.nested and self._claiming_in(below):
                effects |= self._of_nested(below, resource, old, new)
        return effects

    def _of_nested(self, prefix: str, resource: Resource, old: Resolver, new: Resolver | None) -> UpdateEffects:
        if prefix not in self.members:
            if new and _exists(new, resource.logical_id):
                return NO_EFFECTS  # its new template is remote: its claims are unknown in any case
            if retains(old, resource, "DeletionPolicy"):
                inside = [name for name in self.stack.resources or () if name.startswith(prefix)]
                return UpdateEffects(retained_on_delete=frozenset([*inside, *self._claiming_in(prefix)]))
        unnamed = {name: value for name, value in old.pseudo.items() if name != "AWS::StackName"}
        return self.of_stack(prefix, passed_down(old, resource), replace(old, pseudo=unnamed))

    def _claiming_in(self, prefix: str) -> list[str]:
        return [name for name in self.claiming if name.startswith(prefix)]


def _exists(resolver: Resolver, logical_id: str) -> bool:
    """Whether the template has the resource and no condition leaves it out."""
    conditions = {resource.logical_id: resource.condition for resource in resolver.template.resources()}
    path = ("Resources", logical_id, "Condition")
    return logical_id in conditions and bool(resolver.exists(conditions[logical_id], path))
