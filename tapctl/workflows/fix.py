"""The workflow behind `tapctl fix`: the remedy as checked edits of the source files, with what they do in words."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from tapctl.account.model import Stack
from tapctl.concurrency.findings import unsettled
from tapctl.concurrency.parameter_override import Override, overrides
from tapctl.concurrency.remedy import RemedyAction, RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import UsageError
from tapctl.source_fix.check import check_demand, read_again
from tapctl.source_fix.file_edit import FileEdit
from tapctl.source_fix.places import EditPlace, places
from tapctl.source_fix.suppress import SCANNERS, carried, missing, suppress
from tapctl.template.edit.entry import change, set_entry, set_text
from tapctl.template.edit.text import Edit, apply
from tapctl.template.model import Template
from tapctl.template.parameters import as_text
from tapctl.template.references import References
from tapctl.template.source import Path, Source


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits of the files, and what each of them does, a line for each."""

    edits: tuple[FileEdit, ...]
    said: tuple[str, ...]


def fix(result: Preflight, asked: Collection[str] = ()) -> Fix:
    """The remedy as edits; `asked` are scanners to be told of dropped settings even where none was told before.

    Raises `UsageError` naming the place that cannot be edited safely.
    """
    by_file: dict[FilePath, list[EditPlace]] = {}
    for place in places(result):
        by_file.setdefault(FilePath(place.template.file).resolve(), []).append(place)
    edits, said, edited = [], [], {}
    for file, chosen in by_file.items():
        template = chosen[0].template
        excuses = list(_excuses(template, chosen, asked))
        text, edited[file] = _edited(template, chosen, excuses)
        idle = _idle(template.source, edited[file].source)
        edits.append(FileEdit(template.file, template.source.text, text))
        said += [*map(_said, chosen), *(each.said(template) for each in excuses), *idle]
    check_demand(result, edited)
    return Fix(tuple(edits), tuple(said))


def _edited(template: Template, chosen: Sequence[EditPlace], excuses: Sequence["_Excuse"]) -> tuple[str, Template]:
    """The new text; where an entry cannot go without touching its neighbours, such as a block above, none goes.

    Raises `UsageError` naming the place where that does not do either.
    """
    source = template.source
    excusing = [edit for each in excuses for edit in each.edits(template)]
    meant = [path for each in chosen for path in each.settings]
    meant += [(*each.resource, "Metadata") for each in excuses]
    refusals = []
    for in_place in (False, True):
        text = apply(source.text, [*(_edit(source, each, in_place=in_place) for each in chosen), *excusing])
        try:
            return text, read_again(text, source, meant)
        except UsageError as error:
            refusals.append(error)
    raise refusals[0]


def _edit(source: Source, place: EditPlace, *, in_place: bool) -> Edit:
    """The edit at a place; a setting that is dropped is taken out, or gets `AWS::NoValue` in place."""
    if place.default is not None:
        return set_text(source, place.path, place.default)
    put = change if in_place and place.path in source.spans else set_entry
    return put(source, place.path, place.remedy.value)


@dataclass(frozen=True, slots=True)
class _Excuse:
    """A resource that gives up its reservation, and the rules by scanner that it is to be excused from."""

    resource: Path
    requested: int
    rules: dict[str, list[str]]

    def edits(self, template: Template) -> list[Edit]:
        reason = f"the account cannot spare a reservation of {self.requested}"
        return suppress(template.source, self.resource, self.rules, reason)

    def said(self, template: Template) -> str:
        rules = ", ".join(f"{name} {rule}" for name, listed in self.rules.items() for rule in listed)
        return f"{template.file}:{template.source.line(*self.resource)}: excuses {self.resource[-1]} from {rules}"


def _excuses(template: Template, chosen: Sequence[EditPlace], asked: Collection[str]) -> Iterator[_Excuse]:
    present = carried(template.source.value)
    scanners = [name for name in SCANNERS if name in present or name in asked]
    # A switch that is turned off leaves the property where it is, which is what the scanners look for.
    dropped = [place for place in chosen if place.remedy.action is RemedyAction.DROP and place.default is None]
    requested = {
        template.written("Resources", name): place.remedy.requested for place in dropped for name in place.functions
    }
    for resource, number in requested.items():
        rules = {name: open_ for name in scanners if (open_ := missing(template.source, resource, name))}
        if rules:
            yield _Excuse(resource, number, rules)


def _idle(before: Source, after: Source) -> Iterator[str]:
    """What only the old setting used, which cfn-lint warns of from now on."""
    lost = {named for _, named in References.of(before.value).uses}
    lost -= {named for _, named in References.of(after.value).uses}
    for kind, section in (("parameter", "Parameters"), ("condition", "Conditions")):
        for name in after.value.get(section) or {}:
            if (kind, name) in lost:
                place = f"{after.file}:{after.line(section, name)}"
                yield f"{place}: nothing uses {kind} {name} any more; remove it by hand"


_SECTIONS = {"Globals": ", in Globals", "Mappings": ", in the mapping", "Parameters": ", by the parameter's default"}


def _said(place: EditPlace) -> str:
    remedy, section = place.remedy, str(place.path[0])
    where = _SECTIONS.get(section, "")
    what = "dropped" if remedy.value is None else f"lowered from {remedy.requested} to {remedy.value}"
    was = f", {remedy.requested}," if remedy.value is None else ""
    return f"{place.template.file}:{place.line}: the reservation of {', '.join(place.functions)}{was} is {what}{where}"


def by_parameter(result: Preflight, section: str = "") -> list[str]:
    """What does the same without an edit, where a parameter that was given a value serves nothing else.

    `section` is where in tapctl.toml it was given, if it was there.
    """
    where = f" in [{section}]" if section else ""
    return [
        f"or edit nothing, and {_given(result, each)}{where}"
        for each in dict.fromkeys(overrides(result).values())
        if each.parameter in result.tree.parameters.given
    ]


def _given(result: Preflight, override: Override) -> str:
    entry, stack = result.template.parameters[override.parameter], result.account.stack
    # What is given no value keeps that of the live stack, and takes the default only where there is none.
    if not isinstance(stack, Stack) and override.value == as_text(entry.get("Default")):
        return f"leave {override.parameter} out"
    return f"give {override.parameter} the value `{override.value}`"


def why_none(result: Preflight) -> str:
    """Why there is no edit for what does not fit, and what would help instead."""
    if isinstance(result.staging, RemedyPlan):
        return f"{result.concurrency.reason}: nothing to edit, since `tapctl deploy` lowers first and raises then"
    if result.forbidden and result.concurrency.verdict in (Verdict.EXCEEDS, Verdict.UNCERTAIN):
        return f"{result.concurrency.reason}: `--remedy fail` forbids the edit that might mend that"
    decisive = next(each for each in result.findings if each.verdict is result.verdict and each.judged)
    if result.verdict is Verdict.UNKNOWN:
        resolution = f" ({decisive.hint})" if isinstance(decisive.hint, str) else ""
        return f"{decisive.message}{resolution}: nothing is edited while that is not known"
    if doubt := unsettled(result.changes):
        return f"{decisive.message}: nothing is edited while the claim of {doubt[0]} is not known ({doubt[1].reason})"
    if provisioning := _provisioning(result):
        lower = f"lower or remove the provisioned concurrency of {', '.join(provisioning)}"
        return f"{decisive.message}: only reservations are edited here; {lower} by hand"
    return f"{decisive.message}: no edit would mend that"


def _provisioning(result: Preflight) -> list[str]:
    """The functions that ask for more by what they provision outside of a reservation, where that does not fit."""
    if result.concurrency.verdict is not result.verdict:
        return []
    wanted = (change.wanted for change in result.changes if change.grows)
    return [each.logical_id for each in wanted if each and each.reserved is None]


def others(result: Preflight) -> bool:
    """Whether something beside the concurrency does not fit, which no edit mends."""
    return any(
        finding.judged and finding.verdict is not Verdict.FITS and finding.limit != "lambda-reserved-concurrency"
        for finding in result.findings
    )
