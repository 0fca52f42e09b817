"""Counts the resources of a template toward a limit, as the rows of the catalogue say."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from math import inf, prod

from tapctl.errors import TemplateError
from tapctl.limits import uncovered
from tapctl.limits.row import ABSENT, ITSELF, PRESENT, Count, Limit, Measure, Named, Number, Of
from tapctl.template.model import Resource
from tapctl.template.nested import StackTree
from tapctl.template.parameters import as_text
from tapctl.template.resolver import existence, lengths, sizes, template_text
from tapctl.template.values import NO_VALUE, MaybeNoValue, ResourceReference, Value
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Parent:
    """The resource that a limit is per: one of the tree by its logical id, or one of the account by its physical id.

    `is_open` is one that only the deploy knows: it may be the same as another open one. `name` is how a message
    names it: one that the stack holds by its logical id, an expression in short.
    """

    id: str
    in_template: bool = False
    is_open: bool = False
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """The addition of one resource, from `least` to `most`; `unknown` is the reason why it may be more.

    `varies` is an amount that an update may change while the resource stays.
    """

    resource: str
    least: Number
    most: Number
    parent: Parent | None = None
    unknown: Unknown | None = None
    type: str = ""
    varies: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A resource of a tree under the parameters of its stack."""

    inventory: "Inventory"
    member: StackTree
    resource: Resource

    @property
    def type(self) -> str:
        return self.resource.type

    @property
    def name(self) -> str:
        """The logical id, behind those of nested stacks."""
        return f"{self.member.prefix}{self.resource.logical_id}"

    @property
    def exists(self) -> bool | Unknown:
        own = existence(self.member.resolver, self.resource)
        return own if own is not True or self.member.exists is True else self.member.exists

    def value(self, path: str) -> Value:
        """The value of a property; `NO_VALUE` where it is not set, a list where a step goes through one.

        `A>B` is the property B of the resource that A refers to, not set where that is not in the tree.
        """
        reference, follows, below = path.partition(">")
        if follows:
            return target.value(below) if (target := self.target(reference)) else NO_VALUE
        name, *steps = path.split(".")
        raw = self.resource.properties.get(name, NO_VALUE)
        if raw is NO_VALUE:
            return raw
        return walk(self.resolved(raw, name), steps)

    def resolved(self, raw: Value, *path: str | int) -> Value:
        """An expression of this resource, evaluated; unknown where CloudFormation would refuse it."""
        try:
            return self.member.resolver.value(raw, ("Resources", self.resource.logical_id, "Properties", *path))
        except TemplateError as error:
            return Unknown(error.message)  # the linter and CloudFormation say more

    def parents(self, path: str, otherwise: str = "") -> list[Parent]:
        """The parents that a property names: one, or each of a list; without it the other one, if there is one."""
        if path == ITSELF:
            return [Parent(self.name, in_template=True)]
        raw: Value = self.resource.properties
        for step in path.split("."):
            raw = raw.get(step, NO_VALUE) if isinstance(raw, dict) and "Fn::If" not in raw else NO_VALUE
        if raw is NO_VALUE:
            raw = self.value(path)
        items = raw if isinstance(raw, list) else [] if raw is NO_VALUE else [raw]
        parents = [self.inventory.parent(self.member, item) for item in items if self.resolved(item) is not NO_VALUE]
        return parents or ([Parent(otherwise)] if otherwise else [])

    def target(self, path: str) -> "Item | None":
        """The resource of the tree that a property refers to."""
        parents = self.parents(path)
        return self.inventory.by_name.get(parents[0].id) if parents and parents[0].in_template else None

    def has_named(self, named: Named) -> bool:
        """Whether the stack has the resource that takes its name from this one."""
        names = (self.resource.properties.get(named.own, NO_VALUE), {"Ref": self.resource.logical_id})
        texts = (template_text(self.member.resolver, name) for name in names if name is not NO_VALUE)
        return any((self.member.prefix, f"{named.prefix}{text}") in self.inventory.names(named) for text in texts)

    def part(
        self,
        least: Number,
        most: Number | None = None,
        parent: Parent | None = None,
        unknown: Unknown | None = None,
        *,
        varies: bool = False,
    ) -> Part:
        """The addition of this resource, at least nothing if it may not exist."""
        certain = least if self.exists is True else 0
        return Part(self.name, certain, least if most is None else most, parent, unknown, self.type, varies)


def walk(value: Value, steps: list[str]) -> Value:
    """The value below a resolved one; of a list, the values below each item."""
    for index, step in enumerate(steps):
        if isinstance(value, list):
            below = [walk(item, steps[index:]) for item in value]
            return [item for item in below if item is not NO_VALUE]
        if isinstance(value, Unknown):
            return value
        value = value.get(step, NO_VALUE) if isinstance(value, dict) else NO_VALUE
    return value


@dataclass
class Inventory:
    """The resources of a tree that may exist, by type and by name."""

    tree: StackTree
    by_name: dict[str, Item] = field(default_factory=dict)
    members: dict[str, StackTree] = field(default_factory=dict)
    _names: dict[Named, set[tuple[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for member in self.tree.members():
            self.members[member.prefix] = member
            for resource in member.resolver.template.resources():
                item = Item(self, member, resource)
                if item.exists is not False:
                    self.by_name[item.name] = item

    @cached_property
    def by_type(self) -> Mapping[str, list[Item]]:
        types: dict[str, list[Item]] = {}
        for item in self.by_name.values():
            types.setdefault(item.type, []).append(item)
        return types

    def of(self, *types: str) -> Iterator[Item]:
        for type_ in types:
            yield from self.by_type.get(type_, ())

    def names(self, named: Named) -> set[tuple[str, str]]:
        """The names of the resources of a type, each behind the prefix of its stack."""
        if named not in self._names:
            raw = ((item.member, item.resource.properties.get(named.path)) for item in self.of(named.type))
            self._names[named] = {(member.prefix, template_text(member.resolver, name)) for member, name in raw}
        return self._names[named]

    def parent(self, member: StackTree, raw: Value) -> Parent:
        """The resource that an expression refers to, followed through parameters and outputs of nested stacks."""
        value = member.resolver.value(raw)
        if isinstance(raw, dict) and len(raw) == 1:
            ((function, argument),) = raw.items()
            above = self.members.get(_above(member.prefix))
            if function == "Ref" and argument in member.resolver.parameters and member.prefix and above:
                stack = above.resolver.template.body["Resources"][member.prefix[len(above.prefix) : -1]]
                given = (stack.get("Properties", {}).get("Parameters") or {}).get(argument, NO_VALUE)
                if given is not NO_VALUE:
                    return self.parent(above, given)
            parts = argument.split(".") if isinstance(argument, str) else argument
            if function == "Fn::GetAtt" and isinstance(parts, list) and ".Outputs." in ".".join(map(str, parts)):
                name, output = str(parts[0]), str(parts[-1]).rpartition(".")[2]
                nested = self.members.get(f"{member.prefix}{name}/")
                declared = nested.resolver.template.outputs.get(output) if nested else None
                if nested and declared and "Value" in declared:
                    return self.parent(nested, declared["Value"])
        if isinstance(value, ResourceReference):
            return Parent(f"{member.prefix}{value.logical_id}", in_template=True)
        if isinstance(value, Unknown):
            return Parent(f"{member.prefix}{json.dumps(raw, default=str, sort_keys=True)}", is_open=True)
        return Parent(str(value))


def _above(prefix: str) -> str:
    return prefix[: prefix[:-1].rfind("/") + 1]


def parts(counts: Iterable[Count], inventory: Inventory) -> Iterator[Part]:
    """The addition of each resource to a limit; a counter runs once for all of its types."""
    counters: list[tuple[str, str]] = []
    for count in counts:
        if count.of is Of.COUNTER:
            if any(counts_under(item, count.where) is not False for item in inventory.of(count.type)):
                counters.append((count.counter, count.path))
            continue
        for item in inventory.of(count.type):
            yield from _parts(count, item)
    for counter, argument in dict.fromkeys(counters):
        yield from counter_of(counter)(inventory, argument)


def counter_of(name: str) -> Callable[[Inventory, str], Iterator[Part]]:
    """The counter `module.function`; it gets the inventory and the argument of its row."""
    module, _, function = name.partition(".")
    counter: Callable[[Inventory, str], Iterator[Part]] = getattr(
        import_module(f"tapctl.concurrency.counters.{module}"), function
    )
    return counter


def _parts(count: Count, item: Item) -> Iterator[Part]:
    counts = counts_under(item, count.where)
    if counts is False or (count.unless and item.has_named(count.unless)):
        return
    amounts = _amounts(count, item)
    unknown = amounts if isinstance(amounts, Unknown) else None
    least, most = (0, 0) if isinstance(amounts, Unknown) else amounts
    if not most and unknown is None:
        return
    if count.maybe or counts is not True:
        least = 0
    for parent in item.parents(count.per, count.otherwise) if count.per else [None]:
        yield item.part(least, most, parent, unknown, varies=count.of is not Of.RESOURCE)


def counts_under(item: Item, where: Mapping[str, tuple[str | None, ...]]) -> bool | Unknown:
    """Whether a resource has the values under which it counts."""
    open_: Unknown | None = None
    for path, allowed in where.items():
        value = item.value(path)
        values = value if isinstance(value, list) else [value]
        unknown = next((entry for entry in values if isinstance(entry, Unknown)), None)
        if value is NO_VALUE:
            if ABSENT not in allowed:
                return False
        elif isinstance(value, MaybeNoValue) or (unknown and PRESENT not in allowed and allowed != (ABSENT,)):
            open_ = open_ or unknown
        elif PRESENT not in allowed and not any(as_text(entry) in allowed for entry in values):
            return False
    return open_ or True


def _amounts(count: Count, item: Item) -> tuple[Number, Number] | Unknown:
    """The least and most that a resource adds."""
    if count.of is Of.RESOURCE:
        return count.units, count.units
    value = item.value(count.path)
    if count.of is Of.SIZE:
        return sizes(value, count.reference)
    if count.of is Of.LENGTH and not isinstance(value, Unknown):
        return lengths(value)
    own = count.missing if value is NO_VALUE or value == [] else number(value)
    factors = [own, *(number(item.value(path)) for path in count.times), count.units]
    if unknown := next((factor for factor in factors if isinstance(factor, Unknown)), None):
        return unknown
    amount = prod(factor for factor in factors if not isinstance(factor, Unknown))
    return amount, amount


def number(value: Value) -> Number | Unknown:
    """A property as a number, a list as the sum of its numbers; unknown if it is neither."""
    match value:
        case Unknown():
            return value
        case list():
            amounts = [number(item) for item in value]
            return next((item for item in amounts if isinstance(item, Unknown)), None) or sum(
                item for item in amounts if not isinstance(item, Unknown)
            )
        case bool() | dict():
            return Unknown("it is not a number")
        case _:
            text = str(value).strip()
            try:
                amount = int(text) if text.lstrip("+-").isdigit() else float(text)
            except ValueError:
                amount = inf
            # Python reads `nan` and `1e999` as numbers with which nothing can be compared.
            return amount if abs(amount) < 1e300 else Unknown(f"`{text}` is not a number")


def plain_number(value: Number) -> Number:
    """A number of a report: whole where it is, else rounded to six places."""
    return int(value) if float(value).is_integer() else round(float(value), 6)


def number_text(value: Number) -> str:
    """A number as a message shows it."""
    return f"{plain_number(value):,}"


def range_text(least: Number, most: Number) -> str:
    return number_text(most) if least == most else f"{number_text(least)} to {number_text(most)}"


def coverage(tree: StackTree, own: Iterable[Limit] = ()) -> Mapping[str, int]:
    """The types of which no limit of the catalogue or of `own` is known, nor that they have none, with their number."""
    counts = Counter(item.type for item in Inventory(tree).by_name.values())
    unknown = uncovered(counts).difference(*(limit.types for limit in own))
    return {type_: counts[type_] for type_ in sorted(unknown)}


def measured(limit: Limit, member: StackTree) -> int:
    """How much of a limit of templates one template takes."""
    template = member.resolver.template
    # A macro at the top level may bring the whole section.
    section = template.body.get(limit.section) or {}
    match limit.measure:
        case Measure.TEXT:
            return len(template.source.text.encode())
        case Measure.ENTRIES:
            return len(section.encode() if isinstance(section, str) else section)
        case Measure.LARGEST_ENTRY:
            return max((len(entry) for entry in section.values() if isinstance(entry, Mapping)), default=0)
        case Measure.PARAMETER:
            values = member.resolver.parameters.values()
            return max(
                (len(value.encode(errors="surrogatepass")) for value in values if isinstance(value, str)), default=0
            )
        case Measure.DYNAMIC_REFERENCES:
            return json.dumps(template.body, default=str).count("{{resolve:")
        case Measure.TREE:
            resources = [len(nested.resolver.template.body.get("Resources") or {}) for nested in member.members()]
            return 0 if member.prefix or len(resources) == 1 else sum(resources)
