"""Where each change of the remedy is written: a place that others depend on is changed only if all want the same.

A value may serve several functions: it stands in Globals, in a loop's body, in a mapping, behind an anchor, or
in a file that is nested twice. Every function lays claim to every place that its value could be changed at, and
a place is taken only when all its claims agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from tapctl.concurrency.parameter_override import overrides
from tapctl.concurrency.remedy import Remedy, RemedyAction
from tapctl.concurrency.result import Preflight
from tapctl.errors import UsageError
from tapctl.resource_types import FUNCTION, RESERVED_CONCURRENCY
from tapctl.template.edit.definition import Reach, Site, calls, may_find, reach
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.references import References
from tapctl.template.source import Path, Source


@dataclass(frozen=True, slots=True)
class EditPlace:
    """One change: where the value is, what becomes of it, and the functions that have it, by their ids in the file."""

    template: Template
    path: Path
    remedy: Remedy
    functions: tuple[str, ...]
    default: str | None = None
    """What the default of a parameter becomes, where the value comes from one that serves nothing else."""

    @property
    def line(self) -> int:
        return self.template.source.line(*self.path)

    @property
    def settings(self) -> list[Path]:
        """What changes in the template's plain value: the place, and the functions' settings that come from it."""
        return [
            self.path,
            *(self.template.written("Resources", name, "Properties", RESERVED_CONCURRENCY) for name in self.functions),
        ]


@dataclass(frozen=True, slots=True)
class _Claim:
    """One function, and the places that its value comes from; whatever changes there changes the function."""

    name: str
    logical_id: str
    template: Template
    remedy: Remedy | None
    reach: Reach

    @property
    def change(self) -> tuple[RemedyAction, int | None]:
        """What would have to be done at the place; one that has no remedy wants to be left alone."""
        return (self.remedy.action, self.remedy.value) if self.remedy else (RemedyAction.KEEP, None)

    def key(self, site: Site) -> "Key":
        return FilePath(self.template.file).resolve(), site.path


Key = tuple[FilePath, Path]


def places(result: Preflight) -> list[EditPlace]:
    """Where the remedy is written, in the order of the templates.

    Raises `UsageError` naming a place that serves others, too, which are to stay or to get another value.
    """
    claims = [claim for member in result.tree.members() for claim in _claims(member, result.plan.remedies)]
    by_key: dict[Key, list[_Claim]] = {}
    for claim in claims:
        for key in {claim.key(site) for site in claim.reach.way}:
            by_key.setdefault(key, []).append(claim)
    foreign, defaults = _foreign(claims), _defaults(result, claims)
    free = {key for key, those in by_key.items() if len({each.change for each in those}) == 1 and not foreign.get(key)}
    chosen: dict[Key, EditPlace] = {}
    for claim in claims:
        if place := defaults.get(claim.name):
            chosen[claim.key(Site(place.path))] = place
        elif claim.remedy and claim.remedy.action is not RemedyAction.KEEP:
            keys = [claim.key(site) for site in claim.reach.choices]
            taken = next((key for key in keys if key in free), None)
            if taken is None:
                raise _refusal(claim, by_key[keys[-1]], foreign.get(keys[-1], []))
            ids = tuple(dict.fromkeys(each.logical_id for each in by_key[taken]))
            chosen.setdefault(taken, EditPlace(claim.template, taken[1], claim.remedy, ids))
    return list(chosen.values())


def _defaults(result: Preflight, claims: Sequence[_Claim]) -> dict[str, EditPlace]:
    """By function, the default that can be changed instead: of a parameter with the value, which nobody gave one."""
    root, given = result.tree.resolver.template, result.tree.parameters
    by_parameter = overrides(result)
    # What a condition or a mapping is asked by is another question than how much is reserved.
    written = References.of({**root.source.value, "Conditions": {}})
    return {
        claim.name: EditPlace(root, path, claim.remedy, (claim.logical_id,), each.value)
        for claim in claims
        if claim.remedy
        and (each := by_parameter.get(claim.name))
        and (path := ("Parameters", each.parameter, "Default")) in root.source.keys
        and each.parameter not in {*given.given, *given.previous}
        and each.parameter in written.within(claim.reach.way[0].path)
        and not any(site.lookup for site in claim.reach.way)
    }


def _claims(member: StackTree, remedies: Mapping[str, Remedy]) -> Iterator[_Claim]:
    """One for every function of the stack, also of those that its conditions leave out at present."""
    template = member.resolver.template
    for resource in template.resources():
        if resource.type == FUNCTION:
            name = f"{member.prefix}{resource.logical_id}"
            remedy = remedies.get(name)
            drop = remedy is not None and remedy.action is RemedyAction.DROP
            found = reach(member.resolver, resource.logical_id, RESERVED_CONCURRENCY, drop=drop)
            yield _Claim(name, resource.logical_id, template, remedy, found)


def _foreign(claims: Sequence[_Claim]) -> dict[Key, list[int]]:
    """For every entry of a mapping that is claimed, the lines of the lookups by others that may find it, too."""
    own: dict[Key, set[Path]] = {}
    sources: dict[FilePath, Source] = {}
    for claim in claims:
        for site in claim.reach.choices:
            if site.lookup:
                key = claim.key(site)
                own.setdefault(key, set()).add(site.lookup)
                sources[key[0]] = claim.template.source
    lookups = {file: list(calls(source.value)) for file, source in sources.items()}
    return {
        key: [
            sources[key[0]].line(*path)
            for path, arguments in lookups[key[0]]
            if path not in known and may_find(arguments, key[1])
        ]
        for key, known in own.items()
    }


def _refusal(claim: _Claim, sharers: Sequence[_Claim], lines: Sequence[int]) -> UsageError:
    template, path = claim.template, claim.reach.choices[-1].path
    others = [each.name for each in sharers if each.change != claim.change] + [f"line {line}" for line in lines]
    return UsageError(
        f"{template.file}:{template.source.line(*path)}: {RESERVED_CONCURRENCY} of {claim.name} stands there for "
        f"{', '.join(dict.fromkeys(others))} too, which would not get the same value",
        "change it there by hand",
    )
