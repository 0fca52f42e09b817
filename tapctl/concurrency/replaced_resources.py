"""Which resources of any type an update replaces, by the create-only properties of the schemas of their types.

CloudFormation creates the new resource first and deletes the old one last, so that both exist for a while:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tapctl.account.model import Stack
from tapctl.concurrency.counting import Inventory
from tapctl.concurrency.replacement import (
    CREATE_ONLY,
    NO_EFFECTS,
    Difference,
    UpdateEffects,
    is_open,
    reads,
    references,
)
from tapctl.errors import TemplateError
from tapctl.limits import Limit, LimitKind, limits_of
from tapctl.template.model import Resource
from tapctl.template.nested import RemoteStack, StackTree
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver
from tapctl.template.schemas import create_only
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

GROUP, WILL_REPLACE = "AWS::AutoScaling::AutoScalingGroup", "AutoScalingReplacingUpdate"
"""A group that is replaced where its UpdatePolicy says so, and changed in place otherwise."""


def compared_resources(tree: StackTree, stack: Stack, own: Iterable[Limit] = ()) -> frozenset[str]:
    """The held resources that count toward a limit or that the stack exports, which an update may replace.

    What it does to functions is compared with what they hold.
    """
    inventory = Inventory(tree)
    limits = limits_of(inventory.by_type, own)
    counting = {type_ for limit in limits if limit.kind is LimitKind.COUNT for type_ in limit.types}
    exported = (output.get("Value") for output in tree.resolver.template.outputs.values() if "Export" in output)
    named = {name for value in exported for name in references(value)} if stack.exports else set()
    return frozenset(
        name
        for name, type_ in (stack.resources or {}).items()
        if (name in named or type_ in counting) and type_ not in CREATE_ONLY and name in inventory.by_name
    )


def replaced_resources(old: StackTree | RemoteStack, new: StackTree, names: Collection[str]) -> UpdateEffects:
    """Which of these resources the update replaces, surely or maybe, in the stack and its nested stacks.

    Where the template of a stack could not be read, all that sets a create-only property may be replaced; it is not
    compared where nothing tried to read it. A resource that keeps its name is not among them: CloudFormation refuses
    to replace it.
    """
    before: dict[str, StackTree | RemoteStack]
    before = {old.prefix: old} if isinstance(old, RemoteStack) else {stack.prefix: stack for stack in old.members()}
    before |= {} if isinstance(old, RemoteStack) else {remote.prefix: remote for remote in old.remotes()}
    effects = NO_EFFECTS
    for member in new.members():
        own = {name for name in names if name[: name.rfind("/") + 1] == member.prefix}
        if own and member.prefix in before:
            effects |= _of_stack(before[member.prefix], member, own)
    return effects


def _of_stack(old: StackTree | RemoteStack, new: StackTree, names: Collection[str]) -> UpdateEffects:
    if isinstance(old, StackTree):
        found, reason = _Update(old.resolver, new.resolver).replaced(), ""
    else:
        suspects = _with_create_only(new.resolver) if old.unknown.judged else ()
        found, reason = dict.fromkeys(suspects, Difference.MAYBE), old.unknown.reason
    own = {name: how for logical_id, how in found.items() if (name := f"{new.prefix}{logical_id}") in names}
    maybe = frozenset(name for name, how in own.items() if how is Difference.MAYBE)
    return UpdateEffects(replaced=frozenset(own), maybe_replaced=maybe, not_compared_reason=reason)


def _with_create_only(new: Resolver) -> Iterator[str]:
    for resource in new.template.resources():
        properties = create_only(resource.type)
        if properties is None or {*properties.surely, *properties.maybe} & resource.properties.keys():
            yield resource.logical_id


@dataclass(frozen=True, slots=True)
class _Others:
    """The other resources of a stack: those that are changed at all, and those that are replaced."""

    changed: Collection[str]
    replaced: Mapping[str, Difference]

    def are_read_by(self, resource: Resource) -> bool:
        return any(name in self.changed or name in self.replaced for name, _ in reads(resource.properties))

    def difference(self, resource: Resource, names: tuple[str, ...]) -> Difference:
        """Whether a property changes since a resource that it reads does: surely what identifies a replaced one."""
        difference = Difference.NO
        for name in names:
            for read, attribute in reads(resource.properties.get(name)):
                # What a nested stack puts out is taken to stay: its resources are compared in their own stack.
                if not attribute or attribute.endswith(("Arn", "Id")) or attribute.startswith("Outputs."):
                    difference = max(difference, self.replaced.get(read, Difference.NO))
                elif read in self.replaced or read in self.changed:
                    difference = max(difference, Difference.MAYBE)
        return difference


@dataclass(frozen=True, slots=True)
class _Update:
    """One stack before and after."""

    old: Resolver
    new: Resolver

    def replaced(self) -> dict[str, Difference]:
        """Which resources are replaced, surely or maybe; without those that stay."""
        before, after = (
            {resource.logical_id: resource for resource in side.template.resources()} for side in (self.old, self.new)
        )
        both = {name: (before[name], after[name]) for name in before.keys() & after.keys()}
        pairs = {name: pair for name, pair in both.items() if pair[0].type == pair[1].type}
        changed = {name for name, pair in pairs.items() if self._difference(*pair, _all(*pair))}
        changed |= after.keys() - pairs.keys()
        found: dict[str, Difference] = {}
        grows = True
        while grows:  # a resource is replaced along with what its create-only properties read
            sides = _Others(changed, found)
            again = {name: how for name, pair in pairs.items() if (how := self._of(*pair, sides))}
            grows, found = again != found, again
        return found

    def _of(self, before: Resource, after: Resource, others: _Others) -> Difference:
        is_changed = after.logical_id in others.changed
        if not is_changed and not others.are_read_by(after):
            return Difference.NO
        properties = create_only(after.type)
        if properties is None:
            return Difference.MAYBE if is_changed else Difference.NO
        if properties.deletes_first or self._keeps_its_name(before, after, properties.names):
            return Difference.NO
        surely, depends = (
            max(self._difference(before, after, names), others.difference(after, names))
            for names in (properties.surely, properties.maybe)
        )
        if depends:
            depends = _by_policy(self.new, after) if after.type == GROUP else Difference.MAYBE
        return max(surely, depends)

    def _keeps_its_name(self, before: Resource, after: Resource, names: tuple[str, ...]) -> bool:
        values = [value for _, value in self._values(before, after, names)]
        is_named = bool(values) and NO_VALUE not in values
        return is_named and self._difference(before, after, names) is Difference.NO

    def _values(self, before: Resource, after: Resource, names: tuple[str, ...]) -> Iterator[tuple[Value, Value]]:
        """The old and the new value of each property."""
        for name in names:
            old, new = before.properties.get(name, NO_VALUE), after.properties.get(name, NO_VALUE)
            yield _value(self.old, old, before), _value(self.new, new, after)

    def _difference(self, before: Resource, after: Resource, names: tuple[str, ...]) -> Difference:
        """Whether any of the properties is another one, apart from what the attributes of others turn out to be."""
        difference = Difference.NO
        values = self._values(before, after, names)
        for name, (old_value, new_value) in zip(names, values, strict=True):
            is_unknown = is_open(old_value) or is_open(new_value)
            if _text(old_value) != _text(new_value):
                difference = max(difference, Difference.MAYBE if is_unknown else Difference.SURELY)
            elif is_unknown and before.properties.get(name) != after.properties.get(name):
                difference = max(difference, Difference.MAYBE)
        return difference


def _value(resolver: Resolver, raw: Value, resource: Resource) -> Value:
    """A property or a policy of a resource; unknown where CloudFormation would refuse its expression."""
    try:
        return resolver.value(raw, ("Resources", resource.logical_id))
    except TemplateError as error:
        return Unknown(error.message)  # the linter and CloudFormation say more


def _all(before: Resource, after: Resource) -> tuple[str, ...]:
    return tuple({**before.properties, **after.properties})


def _by_policy(resolver: Resolver, group: Resource) -> Difference:
    policy = resolver.template.body["Resources"][group.logical_id].get("UpdatePolicy") or {}
    replacing = _value(resolver, policy, group)
    will = replacing.get(WILL_REPLACE) if isinstance(replacing, dict) else replacing
    will = will.get("WillReplace", NO_VALUE) if isinstance(will, dict) else will
    if isinstance(will, Unknown):
        return Difference.MAYBE
    return Difference.SURELY if as_text(will) == "true" else Difference.NO


def _text(value: object) -> str:
    """A value as CloudFormation compares it: numbers as text, and keys in any order."""
    match value:
        case Mapping():
            return f"{{{','.join(sorted(f'{key}:{_text(item)}' for key, item in value.items()))}}}"
        case list() | tuple():
            return f"[{','.join(map(_text, value))}]"
        case Unknown():
            return str(value)
        case _:
            return as_text(value)
