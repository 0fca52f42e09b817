"""Where each change of the remedy is written.

Several functions may share a value: in Globals, in a loop's body, in a mapping, behind an anchor, or in a file that is
nested twice. Every function claims every place where its value could be changed, and a place is used only if all of its
claims need the same value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from tapctl.concurrency.remedy import Remedy, RemedyAction
from tapctl.concurrency.result import Preflight
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.resource_types import FUNCTION, RESERVED_CONCURRENCY
from tapctl.template.edit.definition import Definition, Location, find_definition, find_in_map_calls, may_select
from tapctl.template.model import Path, Source, Template
from tapctl.template.nested import StackTree
from tapctl.template.parameters import References


@dataclass(frozen=True, slots=True)
class EditPlace:
    """One change: the place of the value, its remedy, and the functions that have it, by their ids in the file."""

    template: Template
    path: Path
    remedy: Remedy
    functions: tuple[str, ...]
    default: str | None = None
    """The new Default of a parameter, where the value comes from one that nothing else uses."""

    @property
    def line(self) -> int:
        return self.template.source.line(*self.path)

    @property
    def settings(self) -> list[Path]:
        """The paths that change in the template: the place, and the functions' settings that come from it."""
        return [
            self.path,
            *(self.template.written("Resources", name, "Properties", RESERVED_CONCURRENCY) for name in self.functions),
        ]


@dataclass(frozen=True, slots=True)
class _Claim:
    """One function and the places that its value comes from; a change there changes the function."""

    name: str
    logical_id: str
    template: Template
    remedy: Remedy | None
    definition: Definition

    @property
    def change(self) -> tuple[RemedyAction, int | None]:
        """The change that the function needs at the place; without a remedy it needs none."""
        return (self.remedy.action, self.remedy.value) if self.remedy else (RemedyAction.KEEP, None)

    def key(self, location: Location) -> "Key":
        return FilePath(self.template.file).resolve(), location.path


Key = tuple[FilePath, Path]


def places(result: Preflight) -> list[EditPlace]:
    """Where the remedy is written, in the order of the templates.

    Raises `UsageError` with the place that is shared with functions that keep their value or get another one.
    """
    claims = [claim for member in result.tree.members() for claim in _claims(member, result.plan.remedies)]
    by_key: dict[Key, list[_Claim]] = {}
    for claim in claims:
        for key in {claim.key(location) for location in claim.definition.chain}:
            by_key.setdefault(key, []).append(claim)
    foreign, defaults = _foreign(claims), _defaults(result, claims)
    free = {
        key for key, sharers in by_key.items() if len({claim.change for claim in sharers}) == 1 and not foreign.get(key)
    }
    chosen: dict[Key, EditPlace] = {}
    for claim in claims:
        if place := defaults.get(claim.name):
            chosen[claim.key(Location(place.path))] = place
        elif claim.remedy and claim.remedy.action is not RemedyAction.KEEP:
            _refuse_included(claim)
            keys = [claim.key(location) for location in claim.definition.editable]
            taken = next((key for key in keys if key in free), None)
            if taken is None:
                raise _refusal(claim, by_key[keys[-1]], foreign.get(keys[-1], []))
            ids = tuple(dict.fromkeys(sharer.logical_id for sharer in by_key[taken]))
            chosen.setdefault(taken, EditPlace(claim.template, taken[1], claim.remedy, ids))
    return list(chosen.values())


def _defaults(result: Preflight, claims: Sequence[_Claim]) -> dict[str, EditPlace]:
    """By function, the Default to change instead: of a parameter that has the value and was given none."""
    root, given = result.tree.resolver.template, result.tree.parameters
    overrides = result.plan.overrides
    # A parameter that only selects a condition or an entry of a mapping does not have the value itself.
    written = References.of({**root.source.value, "Conditions": {}})
    return {
        claim.name: EditPlace(root, path, claim.remedy, (claim.logical_id,), override.value)
        for claim in claims
        if claim.remedy
        and (override := overrides.get(claim.name))
        and (path := ("Parameters", override.parameter, "Default")) in root.source.keys
        and override.parameter not in {*given.given, *given.previous}
        and override.parameter in written.within(claim.definition.chain[0].path)
        and not any(location.lookup for location in claim.definition.chain)
    }


def _claims(member: StackTree, remedies: Mapping[str, Remedy]) -> Iterator[_Claim]:
    """One for every function of the stack, also for those whose condition is false."""
    template = member.resolver.template
    for resource in template.resources():
        if resource.type == FUNCTION:
            name = f"{member.prefix}{resource.logical_id}"
            remedy = remedies.get(name)
            drop = remedy is not None and remedy.action is RemedyAction.DROP
            found = find_definition(member.resolver, resource.logical_id, RESERVED_CONCURRENCY, drop=drop)
            yield _Claim(name, resource.logical_id, template, remedy, found)


def _foreign(claims: Sequence[_Claim]) -> dict[Key, list[int]]:
    """For every claimed entry of a mapping, the lines of other lookups that may find it too."""
    own: dict[Key, set[Path]] = {}
    sources: dict[FilePath, Source] = {}
    for claim in claims:
        for location in claim.definition.editable:
            if location.lookup:
                key = claim.key(location)
                own.setdefault(key, set()).add(location.lookup)
                sources[key[0]] = claim.template.source
    lookups = {file: list(find_in_map_calls(source.value)) for file, source in sources.items()}
    return {
        key: [
            sources[key[0]].line(*path)
            for path, arguments in lookups[key[0]]
            if path not in known and may_select(arguments, key[1])
        ]
        for key, known in own.items()
    }


def _refuse_included(claim: _Claim) -> None:
    """Raises `UsageError` for a reservation that is written in an included file."""
    file, line = claim.template.place("Resources", claim.logical_id, "Properties", RESERVED_CONCURRENCY)
    if file != claim.template.file:
        message = f"{file}:{line}: {RESERVED_CONCURRENCY} of {claim.name} is in an included file"
        raise UsageError(message, advise(UsageAdvice.EDIT_BY_HAND))


def _refusal(claim: _Claim, sharers: Sequence[_Claim], lines: Sequence[int]) -> UsageError:
    template, path = claim.template, claim.definition.editable[-1].path
    others = [sharer.name for sharer in sharers if sharer.change != claim.change] + [f"line {line}" for line in lines]
    return UsageError(
        f"{template.file}:{template.source.line(*path)}: {RESERVED_CONCURRENCY} of {claim.name} is shared with "
        f"{', '.join(dict.fromkeys(others))}, where it needs another value",
        advise(UsageAdvice.EDIT_BY_HAND),
    )
