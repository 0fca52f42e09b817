"""What an update does to the functions of a stack and its nested stacks, the change of every claim and of limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.counting import Inventory, Part
from tapctl.concurrency.demand import Demand, FunctionDemand, hides_resources
from tapctl.concurrency.replacement import (
    CREATE_ONLY,
    NO_EFFECTS,
    Difference,
    UpdateEffects,
    compare_templates,
    references,
    replaced_by_schema,
    retains,
    without_old_template,
)
from tapctl.errors import TemplateError
from tapctl.limits.row import Limit, Number, Of
from tapctl.resource_types import STACK
from tapctl.template.load import from_stack
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree, passed_down
from tapctl.template.parameters import Parameters, bind
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
        return effects | _of_exported(reader, stack, tree.resolver)
    return replace(effects, replaced=replaced, maybe_replaced=frozenset(), not_compared_reason="")


def _of_exported(reader: AccountReader, stack: Stack, new: Resolver) -> UpdateEffects:
    """What is replaced of the resources whose values the stack exports; functions are compared above."""
    exported = (output.get("Value") for output in new.template.outputs.values() if "Export" in output)
    held = {name for name, type_ in (stack.resources or {}).items() if type_ not in CREATE_ONLY}
    names = held.intersection(name for value in exported for name in references(value))
    old = deployed_tree(reader, stack, new) if names and stack.exports else None
    found = replaced_by_schema(old.resolver, new, names) if old else {}
    maybe = frozenset(name for name, how in found.items() if how is Difference.MAYBE)
    return UpdateEffects(replaced=frozenset(found), maybe_replaced=maybe)


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
            old = self.deployed(body, prefix, given, context)
            return compare_templates(old, new, prefix) | self._below(old, new, prefix)
        except TemplateError:
            return without_old_template(new, prefix)  # CloudFormation reads some templates that tapctl cannot

    def deployed(
        self, body: Mapping[str, Any] | str, prefix: str, given: Mapping[str, str | Unknown], context: Resolver
    ) -> Resolver:
        template = from_stack(body, f"{prefix.rstrip('/')} of {self.stack.name}" if prefix else self.stack.name)
        declared = {name: value for name, value in given.items() if name in template.parameters}
        bound = bind(template, Parameters({}, declared, self.stack.stored))
        return Resolver(template, bound, context.pseudo, context.lookups)

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


def deployed_tree(reader: AccountReader, stack: Stack | Unknown | None, context: Resolver) -> StackTree | None:
    """The template that the stack was deployed from, without its nested stacks; None where it cannot be read."""
    body = reader.deployed_template(stack) if isinstance(stack, Stack) else None
    if body is None or isinstance(body, Unknown) or not isinstance(stack, Stack):
        return None
    try:
        resolver = _Comparison(reader, stack, {}, ()).deployed(body, "", stack.parameters, context)
    except TemplateError:
        return None
    return StackTree("", resolver, Parameters({}, stack.parameters))


def _exists(resolver: Resolver, logical_id: str) -> bool:
    """Whether the template has the resource and no condition leaves it out."""
    conditions = {resource.logical_id: resource.condition for resource in resolver.template.resources()}
    path = ("Resources", logical_id, "Condition")
    return logical_id in conditions and bool(resolver.exists(conditions[logical_id], path))


def diff(
    demand: Demand, live: Mapping[str, LiveFunction], effects: UpdateEffects = NO_EFFECTS
) -> tuple[ClaimChange, ...]:
    """Match the template's functions with the stack's by logical id."""
    wanted = {function.logical_id: function for function in demand.functions}
    changes = [_change(function, live.get(logical_id), effects) for logical_id, function in wanted.items()]
    changes += [_removal(name, function, effects) for name, function in live.items() if name not in wanted]
    return tuple(changes)


def _change(function: FunctionDemand, live: LiveFunction | None, effects: UpdateEffects) -> ClaimChange:
    itself, prefix = function.logical_id, _prefix(function.logical_id)
    versions = {*((live.holders if live else None) or ()), *(version.logical_id for version in function.provisioned)}

    def own(names: frozenset[str]) -> frozenset[str]:
        """The function's versions and aliases among the names, without the nested stack's prefix."""
        return frozenset(name for name in versions if f"{prefix}{name}" in names)

    surely = _surely_replaced(function, live, effects)
    replaced = live is not None and (surely or itself in effects.replaced or _renamed(function, live, effects))
    on_replace = effects.retained_on_replace
    if not surely:
        on_replace &= effects.replaced - effects.maybe_replaced
    return ClaimChange(
        itself,
        function,
        live,
        replaced,
        replaced_versions=own(effects.replaced),
        retained=surely and itself in effects.retained_on_replace,
        retained_versions=own(effects.retained_on_delete | on_replace),
        unchanged_concurrency=own(effects.unchanged_concurrency) | ({itself} & effects.unchanged_concurrency),
        maybe_replaced=own(effects.maybe_replaced) | ({itself} if replaced and not surely else frozenset()),
        removed_versions=own(effects.removed),
    )


def _removal(logical_id: str, live: LiveFunction, effects: UpdateEffects) -> ClaimChange:
    retained, prefix = effects.retained_on_delete, _prefix(logical_id)
    versions = frozenset(name for name in live.holders or () if f"{prefix}{name}" in retained)
    return ClaimChange(logical_id, None, live, retained=logical_id in retained, retained_versions=versions)


def _prefix(logical_id: str) -> str:
    """The prefix of the nested stack that a function is in; its versions and aliases are in the same stack."""
    stack = logical_id.rpartition("/")[0]
    return f"{stack}/" if stack else ""


def _surely_replaced(function: FunctionDemand, live: LiveFunction | None, effects: UpdateEffects) -> bool:
    if live is None:
        return False
    renamed = _renamed(function, live, effects) and not isinstance(function.name, Unknown)
    return renamed or function.logical_id in effects.replaced - effects.maybe_replaced


def _renamed(function: FunctionDemand, live: LiveFunction, effects: UpdateEffects) -> bool:
    """Whether FunctionName, which is create-only, changes; an unknown name counts as another one."""
    same = function.name is None or function.logical_id in effects.same_name
    return not same and function.name != live.physical_id


def newly(part: Part, stack: Stack | Unknown, before: Mapping[str, Part] | None) -> Part:
    """What a resource adds to what the live stack has of it already; `before` has the parts of its template."""
    held = stack.resources if isinstance(stack, Stack) else None
    if held is None:
        return replace(part, least=0)
    if held.get(part.resource) != part.type:
        return part
    if not part.varies:
        return replace(part, least=0, most=0, unknown=None)
    old = before.get(part.resource) if before is not None else None
    if old is None or old.unknown or part.unknown:
        return replace(part, least=0)
    return replace(part, least=max(0, part.least - old.most), most=max(0, part.most - old.least))


def removed(limit: Limit, inventory: Inventory, stack: Stack | Unknown | None) -> Number:
    """How much leaves the stack, which CloudFormation deletes last; of a limit that is not per parent alone.

    Nothing is known to leave where the stack may have resources that the template does not show.
    """
    held = {} if hides_resources(inventory.tree) else (isinstance(stack, Stack) and stack.resources) or {}
    units = {count.type: count.units for count in limit.counts}
    plain = all(count.of is Of.RESOURCE and not (count.per or count.where or count.unless) for count in limit.counts)
    gone = (type_ for name, type_ in held.items() if type_ in units and name not in inventory.by_name)
    return sum(units[type_] for type_ in gone) if plain and limit.usage else 0
