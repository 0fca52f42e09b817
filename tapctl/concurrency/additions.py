"""The additions of a deploy to a limit, beside what the stack holds already, at the worst moment.

CloudFormation creates before it deletes: what an update replaces exists twice until the end, and what it removes stays
until then:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tapctl.account.model import Stack
from tapctl.concurrency.counting import Inventory, Parent, Part, parts
from tapctl.concurrency.demand import Demand, hides_resources
from tapctl.concurrency.replacement import NO_EFFECTS, Difference, UpdateEffects, retains
from tapctl.limits import Limit
from tapctl.limits.row import Number, Of
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight


@dataclass(frozen=True, slots=True)
class Addition:
    """The sum that all resources add to the account or to one parent.

    `replaced` and `maybe_replaced` are those that exist beside their replacements. `passing` is how much of `most` is
    gone when the update has ended. `held` is how much of it a parent of the template has already, None for a new one.
    """

    least: Number = 0
    most: Number = 0
    parent: Parent | None = None
    resources: tuple[str, ...] = ()
    unknown: Unknown | None = None
    replaced: tuple[str, ...] = ()
    maybe_replaced: tuple[str, ...] = ()
    passing: Number = 0
    held: Number | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """The state before a deploy: the live stack (None for a new one), its resources, and those that are replaced."""

    stack: Stack | Unknown | None = None
    deployed: Inventory | None = None
    effects: UpdateEffects = NO_EFFECTS

    @classmethod
    def of(cls, result: Preflight) -> Before:
        deployed = Inventory(result.deployed) if result.deployed else None
        return cls(result.account.stack, deployed, result.effects)

    @property
    def held(self) -> Mapping[str, str] | None:
        """The types of the resources that the stack holds; None where they are not known."""
        if self.stack is None:
            return {}
        return self.stack.resources if isinstance(self.stack, Stack) else None

    def has(self, name: str, type_: str) -> bool | None:
        """Whether the stack holds a resource; None where that is not known."""
        return None if self.held is None else self.held.get(name) == type_

    def knows(self, name: str) -> bool:
        """Whether the deployed template of the resource's stack was read."""
        prefix = name[: name.rfind("/") + 1]
        return self.deployed is not None and prefix in self.deployed.members

    def replaces(self, name: str) -> Difference:
        if name not in self.effects.replaced:
            return Difference.NO
        return Difference.MAYBE if name in self.effects.maybe_replaced else Difference.SURELY


NEW = Before()
"""There is no stack yet."""

Key = tuple[str, Parent | None]


@dataclass(frozen=True, slots=True)
class Share:
    """The share of one resource; the fields mean the same as in `Addition`."""

    part: Part
    replaced: Difference = Difference.NO
    passing: Number = 0
    held: Number | None = None


def additions(limit: Limit, inventory: Inventory, before: Before = NEW, *, later: bool = False) -> tuple[Addition, ...]:
    """How many units the deploy adds, by parent where the limit is per parent.

    Of a parent whose own usage is not read it is all that the template has, and what the update deletes last. `later`
    is after scaling out.
    """
    new = _by_key(parts(limit.later if later else limit.counts, inventory))
    shares = [Share(part) for part in new.values()]
    if before.stack is not None:
        old = _by_key(parts(limit.counts, before.deployed)) if before.deployed else {}
        update = _Update(limit, inventory, before, new, old)
        shares = [update.share(key, part) for key, part in new.items()]
        shares += update.leaving({share.part.parent for share in shares if share.held is not None})
    if limit.own_stack and not isinstance(before.stack, Stack):
        own = limit.own_stack
        shares.append(Share(Part("", own if before.stack is None else 0, own)))
    return grouped(share for share in shares if share.part.most or share.part.unknown)


def _by_key(found: Iterable[Part]) -> dict[Key, Part]:
    """The parts of each resource and parent together."""
    keyed: dict[Key, Part] = {}
    for part in found:
        key = part.resource, part.parent
        if one := keyed.get(key):
            part = replace(  # noqa: PLW2901
                one,
                least=one.least + part.least,
                most=one.most + part.most,
                unknown=one.unknown or part.unknown,
                varies=one.varies or part.varies,
            )
        keyed[key] = part
    return keyed


@dataclass(frozen=True, slots=True)
class _Update:
    """One limit in an update: what its resources count in the new templates and in the old ones."""

    limit: Limit
    inventory: Inventory
    before: Before
    new: Mapping[Key, Part]
    old: Mapping[Key, Part]

    def share(self, key: Key, part: Part) -> Share:
        parent = part.parent
        if parent is None and self.limit.usage is None:
            return Share(part)
        if parent is None or not parent.in_template:
            return self._newly(key, part)
        owner = self.inventory.by_name.get(parent.id)
        has = self.before.has(owner.name, owner.type) if owner else False
        if has is False or self.before.replaces(parent.id) is Difference.SURELY:
            return Share(part)  # of a new parent
        stack = self.before.stack
        if has and self.limit.usage and isinstance(stack, Stack) and parent.id in stack.ids:
            named = replace(part, parent=Parent(stack.ids[parent.id], name=parent.id))
            # What is known from above alone grows with each update, as the versions of a launch template do.
            return Share(named) if self.limit.at_most and part.resource == parent.id else self._newly(key, named)
        is_there = self.before.has(part.resource, part.type) and not self.before.replaces(part.resource)
        return Share(part, held=self.old.get(key, part).most if is_there else 0)

    def _newly(self, key: Key, part: Part) -> Share:
        """The increase by a resource over what the stack has of it already, beside what it replaces."""
        has, was = self.before.has(part.resource, part.type), self.old.get(key)
        if has is None:
            return Share(replace(part, least=0))
        if not has:
            return Share(part)
        if was is None and self.before.knows(part.resource):
            grown = part  # it did not count before
        elif not part.varies:
            grown = replace(part, least=0, most=0, unknown=None)
        elif was is None or was.unknown or part.unknown:
            grown = replace(part, least=0)
        else:
            grown = replace(part, least=max(0, part.least - was.most), most=max(0, part.most - was.least))
        match self.before.replaces(part.resource):
            case Difference.NO:
                return Share(grown)
            case Difference.MAYBE:
                passing = 0 if self._stays(part) else part.most - grown.most
                return Share(replace(part, least=grown.least), Difference.MAYBE, passing)
            case Difference.SURELY:
                unknown = 0 if self.before.knows(part.resource) else part.most
                passing = 0 if self._stays(part) else was.most if was else unknown
                return Share(part, Difference.SURELY, passing)

    def _stays(self, part: Part) -> bool:
        """Whether the account keeps the old resource after its replacement."""
        item = self.inventory.by_name[part.resource]
        return retains(item.member.resolver, item.resource, "UpdateReplacePolicy")

    def leaving(self, parents: set[Parent | None]) -> Iterator[Share]:
        """The resources of the old template that these parents keep until the update has ended."""
        for key, part in self.old.items():
            name, parent = key
            if parent is None or parent not in parents or name == parent.id:
                continue
            how, stays = self.before.replaces(name), key in self.new
            if not stays and name in self.inventory.by_name:
                part = replace(part, least=0)  # noqa: PLW2901 - changed in place, in no promised order
            if stays and how is Difference.MAYBE:
                part = replace(part, least=0)  # noqa: PLW2901
            if not stays or how:
                yield Share(part, how if stays else Difference.NO, part.most, part.most)


def grouped(found: Iterable[Share]) -> tuple[Addition, ...]:
    """The shares of each parent together; parents that only the deploy knows may all be the same one."""
    groups: dict[Parent | None, list[Share]] = {}
    for share in found:
        groups.setdefault(share.part.parent, []).append(share)
    together = [_together(parent, members) for parent, members in groups.items()]
    most = sum(addition.most for addition in together if addition.parent and addition.parent.is_open)
    return tuple(
        replace(addition, most=most) if addition.parent and addition.parent.is_open else addition
        for addition in together
    )


def _together(parent: Parent | None, members: list[Share]) -> Addition:
    found = [share.part for share in members]

    def named(how: Difference) -> tuple[str, ...]:
        return tuple(dict.fromkeys(share.part.resource for share in members if share.replaced is how))

    held = [share.held for share in members if share.held is not None]
    return Addition(
        sum(part.least for part in found),
        sum(part.most for part in found),
        parent,
        tuple(dict.fromkeys(part.resource for part in found)),
        next((part.unknown for part in found if part.unknown), None),
        named(Difference.SURELY),
        named(Difference.MAYBE),
        sum(share.passing for share in members),
        sum(held) if held else None,
    )


def largest(found: Iterable[Addition]) -> Addition:
    """The addition to the account, or to the parent that gets most."""
    listed = list(found)
    if not listed:
        return Addition()
    fullest = max(listed, key=lambda addition: (addition.most, addition.least, addition.unknown is not None))
    return replace(fullest, least=max(addition.least for addition in listed))


def claimed(demand: Demand) -> Addition:
    """What the functions of a new stack take from the unreserved concurrency."""
    claims = {function.logical_id: function.claim for function in demand.functions}
    unknown = next((claim for claim in claims.values() if isinstance(claim, Unknown)), None)
    return Addition(demand.claim, demand.claim, None, tuple(name for name, claim in claims.items() if claim), unknown)


def removed(limit: Limit, inventory: Inventory, before: Before) -> Number:
    """How much leaves the stack, which CloudFormation deletes last; of a limit that is not per parent alone.

    Nothing is known to leave where the stack may have resources that the template does not show.
    """
    if not before.held or not limit.usage or hides_resources(inventory.tree):
        return 0
    units = {count.type: count.units for count in limit.counts}
    plain = all(count.of is Of.RESOURCE and not (count.per or count.where or count.unless) for count in limit.counts)
    gone = (type_ for name, type_ in before.held.items() if type_ in units and name not in inventory.by_name)
    return sum(units[type_] for type_ in gone) if plain else 0
