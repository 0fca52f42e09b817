"""The workflow behind `tapctl fix`: the remedy as checked edits of the source files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from tapctl.account.model import Stack
from tapctl.concurrency.demand import Demand
from tapctl.concurrency.findings import first_unknown, two_steps
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.remedy import ParameterOverride, RemedyAction
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import TapctlError, TemplateError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import CONCURRENCY
from tapctl.source_fix.file_edit import FileEdit
from tapctl.source_fix.places import EditPlace, places
from tapctl.source_fix.suppress import SCANNERS, missing_rules, suppress, used_scanners
from tapctl.template.edit.entry import change, set_entry, set_text
from tapctl.template.edit.text import Edit, apply
from tapctl.template.model import Path, Source, Template, check
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import References, as_text
from tapctl.template.parse import parse
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits of the files, and a line on each change."""

    edits: tuple[FileEdit, ...]
    lines: tuple[str, ...]


def fix(result: Preflight, scanners: Collection[str] = ()) -> Fix:
    """The remedy as edits; rules of `scanners` are suppressed even where the template suppresses none of theirs yet.

    Raises `UsageError` with the place that cannot be edited safely.
    """
    by_file: dict[FilePath, list[EditPlace]] = {}
    for place in places(result):
        by_file.setdefault(FilePath(place.template.file).resolve(), []).append(place)
    edits: list[FileEdit] = []
    lines: list[str] = []
    edited: dict[FilePath, Template] = {}
    for file, chosen in by_file.items():
        template = chosen[0].template
        suppressions = list(_suppressions(template, chosen, scanners))
        text, edited[file] = _edited(template, chosen, suppressions)
        edits.append(FileEdit(template.file, template.source.text, text))
        lines += map(_change_line, chosen)
        lines += (line for place in chosen for line in _overwritten(place))
        lines += (suppression.line(template) for suppression in suppressions)
        lines += _now_unused(template.source, edited[file].source)
    check_demand(result, edited)
    return Fix(tuple(edits), tuple(lines))


def _edited(
    template: Template, chosen: Sequence[EditPlace], suppressions: Sequence["_Suppression"]
) -> tuple[str, Template]:
    """The new text; where removing an entry would change its neighbours, dropped settings get `AWS::NoValue` instead.

    Raises `UsageError` with the place where both would change something else.
    """
    source = template.source
    suppressing = [edit for suppression in suppressions for edit in suppression.edits(template)]
    meant = [path for place in chosen for path in place.settings]
    meant += [(*suppression.resource, "Metadata") for suppression in suppressions]
    refusals = []
    for in_place in (False, True):
        edits = [_edit(source, place, in_place=in_place) for place in chosen]
        text = apply(source.text, [*edits, *suppressing])
        try:
            return text, read_again(text, source, meant)
        except UsageError as error:
            refusals.append(error)
    raise refusals[0]


def _edit(source: Source, place: EditPlace, *, in_place: bool) -> Edit:
    """The edit at one place; a dropped setting is removed, or replaced by `AWS::NoValue` in place."""
    if place.default is not None:
        return set_text(source, place.path, place.default)
    put = change if in_place and place.path in source.spans else set_entry
    return put(source, place.path, place.remedy.value)


@dataclass(frozen=True, slots=True)
class _Suppression:
    """A resource that loses its reservation, and the rules to suppress for it, by scanner."""

    resource: Path
    requested: int
    rules: dict[str, list[str]]

    def edits(self, template: Template) -> list[Edit]:
        reason = f"the account has no headroom for a reservation of {self.requested}"
        return suppress(template.source, self.resource, self.rules, reason)

    def line(self, template: Template) -> str:
        rules = ", ".join(f"{name} {rule}" for name, listed in self.rules.items() for rule in listed)
        return f"{template.file}:{template.source.line(*self.resource)}: suppresses {rules} for {self.resource[-1]}"


def _suppressions(template: Template, chosen: Sequence[EditPlace], scanners: Collection[str]) -> Iterator[_Suppression]:
    used = used_scanners(template.source.value)
    names = [name for name in SCANNERS if name in used or name in scanners]
    # A parameter that switches the reservation off leaves the property in place, which satisfies the scanners.
    dropped = [place for place in chosen if place.remedy.action is RemedyAction.DROP and place.default is None]
    requested = {
        template.written("Resources", name): place.remedy.requested for place in dropped for name in place.functions
    }
    for resource, number in requested.items():
        rules = {name: listed for name in names if (listed := missing_rules(template.source, resource, name))}
        if rules:
            yield _Suppression(resource, number, rules)


def _now_unused(before: Source, after: Source) -> Iterator[str]:
    """Parameters and conditions that only the old setting used; cfn-lint will warn of them."""
    lost = {named for _, named in References.of(before.value).uses}
    lost -= {named for _, named in References.of(after.value).uses}
    for kind, section in (("parameter", "Parameters"), ("condition", "Conditions")):
        for name in after.value.get(section) or {}:
            if (kind, name) in lost:
                place = f"{after.file}:{after.line(section, name)}"
                yield f"{place}: {kind} {name} is now unused, and stays in the template"


_SECTIONS = {"Globals": " in Globals", "Mappings": " in the mapping", "Parameters": " by the parameter's Default"}


def _change_line(place: EditPlace) -> str:
    remedy, names = place.remedy, ", ".join(place.functions)
    where = _SECTIONS.get(str(place.path[0]), "")
    change = (
        f"drops the reservation of {names} ({remedy.requested})"
        if remedy.value is None
        else f"lowers the reservation of {names} from {remedy.requested} to {remedy.value}"
    )
    return f"{place.template.file}:{place.line}: {change}{where}"


def _overwritten(place: EditPlace) -> Iterator[str]:
    """The constructs of functions that the CDK synthesised, since it does so again."""
    for logical_id in place.functions:
        if construct := _construct(place.template, logical_id):
            where = f"{place.template.file}:{place.line}: {logical_id} is construct {construct}"
            yield f"{where}; the next synthesis overwrites the edit unless the app changes as well"


def _construct(template: Template, logical_id: str) -> str:
    """The path of the construct of a resource; empty in a template that the CDK did not synthesise."""
    path = template.source.at((*template.written("Resources", logical_id), "Metadata", "aws:cdk:path"))
    return path if isinstance(path, str) else ""


def by_parameter(result: Preflight, section: str = "") -> list[Hint]:
    """Alternatives to the edit: parameters that were given a value and affect nothing else.

    `section` is the section of tapctl.toml that gives them, if one does.
    """
    return [
        _instead_of_edit(result, override, section)
        for override in dict.fromkeys(result.plan.overrides.values())
        if override.parameter in result.tree.parameters.given and override not in _overrides_of_constructs(result)
    ]


def by_parameter_first(result: Preflight, section: str = "") -> list[Hint]:
    """For a template that the CDK synthesised: parameters to set instead, since the next synth overwrites an edit."""
    return [_instead_of_edit(result, override, section, lasts=True) for override in _overrides_of_constructs(result)]


def _overrides_of_constructs(result: Preflight) -> list[ParameterOverride]:
    """The overrides of the functions that the CDK synthesised."""
    overrides = result.plan.overrides.items()
    return list(dict.fromkeys(override for name, override in overrides if _construct(result.template, name)))


def _instead_of_edit(result: Preflight, override: ParameterOverride, section: str, *, lasts: bool = False) -> Hint:
    entry, stack = result.template.parameters[override.parameter], result.account.stack
    where = f" in [{section}]" if section else ""
    # A parameter without a value keeps the live stack's, and has its Default only in a new stack.
    if not isinstance(stack, Stack) and override.value == as_text(entry.get("Default")):
        omit = JudgementAdvice.OMIT_PARAMETER_FOR_CDK if lasts else JudgementAdvice.OR_OMIT_PARAMETER
        return advise(omit, override.parameter, where)
    advice = JudgementAdvice.SET_PARAMETER_FOR_CDK if lasts else JudgementAdvice.OR_SET_PARAMETER
    return advise(advice, override.parameter, override.value, where)


def why_no_edit(result: Preflight) -> tuple[str, tuple[Hint, ...]]:
    """Why nothing is edited although the template does not fit, and the next steps."""
    concurrency = result.concurrency.verdict
    if result.first_step:
        return f"nothing to edit; {_message(result, concurrency)}", (two_steps(result),)
    if result.remedy_forbidden and concurrency in (Verdict.EXCEEDS, Verdict.UNCERTAIN):
        return f"nothing edited, since `--remedy fail` forbids it; {_message(result, concurrency)}", ()
    decisive = next(
        finding for finding in result.findings if finding.verdict is result.verdict and result.counts(finding)
    )
    if result.verdict is Verdict.UNKNOWN:
        return f"nothing edited; {decisive.message}", decisive.hints
    message = f"no edit of a reservation helps; {decisive.message}"
    if unknown := first_unknown(result.changes):
        return message, (advise(JudgementAdvice.DETERMINE_CLAIM, unknown[0], unknown[1].reason),)
    if names := _growing_without_reservation(result):
        return message, (advise(JudgementAdvice.LOWER_PROVISIONED, ", ".join(names)),)
    return message, decisive.hints


def _message(result: Preflight, verdict: Verdict) -> str:
    """The message of the first finding on concurrency that has the verdict."""
    findings = (finding for finding in result.findings if finding.limit == CONCURRENCY.id)
    return next(finding.message for finding in findings if finding.verdict is verdict)


def _growing_without_reservation(result: Preflight) -> list[str]:
    """The functions whose provisioned concurrency grows outside of a reservation, where concurrency does not fit."""
    if result.concurrency.verdict is not result.verdict:
        return []
    wanted = (change.wanted for change in result.changes if change.grows)
    return [function.logical_id for function in wanted if function and function.reserved is None]


def others_fit(result: Preflight) -> bool:
    """Whether all other limits fit, which no edit of a reservation changes."""
    return all(finding.verdict is Verdict.FITS for finding in result.other_findings)


BY_HAND = advise(UsageAdvice.EDIT_OR_DEPLOY_REMEDY)


def read_again(text: str, before: Source, meant: Collection[Path]) -> Template:
    """The edited text as a template. Raises `UsageError` where it is not one, or differs outside of the meant paths."""
    try:
        after = parse(text, before.file)
    except TemplateError as error:
        raise UsageError(f"{error.message}, after the edit of the setting", BY_HAND) from None
    for path in _differences(before.value, after.value):
        if not any(_overlap(path, other) for other in meant):
            place = f"{before.file}:{before.line(*path)}"
            raise UsageError(f"{place}: an edit of the setting would change this line too", BY_HAND)
    return check(Template(after, after.value))


def check_demand(result: Preflight, edited: Mapping[FilePath, Template]) -> None:
    """Raises `TapctlError` unless the edited files, by resolved path, demand what the remedy leaves."""
    after = _demand(result.tree, edited)
    wanted = {name: remedy.value for name, remedy in result.plan.changes.items()}
    expected = [
        (name, wanted.get(name, reserved), provisioned) for name, reserved, provisioned in _figures(result.demand)
    ]
    if expected != _figures(after):
        message = "the edited template does not produce the planned reservation; nothing was written"
        raise TapctlError(message, BY_HAND)


def _demand(tree: StackTree, edited: Mapping[FilePath, Template]) -> Demand:
    sources = {
        FilePath(member.resolver.template.file).resolve(): member.resolver.template.source for member in tree.members()
    }

    def read(file: str) -> Template:
        path = FilePath(file).resolve()
        return edited.get(path) or Template(sources[path], sources[path].value)

    return read_demand(stack_tree(read(tree.resolver.template.file), tree.parameters, tree.resolver.pseudo, read))


def _figures(demand: Demand) -> list[tuple[Any, ...]]:
    """Name, reservation and provisioned concurrency of every function; all unknown values are equal."""
    return [
        (
            function.logical_id,
            _figure(function.reserved),
            [(version.logical_id, _figure(version.value)) for version in function.provisioned],
        )
        for function in demand.functions
    ]


def _figure(value: int | Unknown | None) -> int | str | None:
    return "unknown" if isinstance(value, Unknown) else value


def _differences(before: Any, after: Any, path: Path = ()) -> Iterator[Path]:
    """The paths at which two plain values differ, as deep as possible."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            if name in before and name in after:
                yield from _differences(before[name], after[name], (*path, name))
            else:
                yield (*path, name)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, (*path, index))
    elif type(before) is not type(after) or before != after:
        yield path


def _overlap(one: Path, other: Path) -> bool:
    """Whether one path starts with the other."""
    return all(step == same for step, same in zip(one, other, strict=False))
