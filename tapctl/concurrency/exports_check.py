"""Exports: names that another stack has taken, and exports in use that the update removes or changes.

CloudFormation refuses to remove or to change an export that another stack imports:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.account.model import UNREAD, Account, Stack
from tapctl.concurrency.replacement import UpdateEffects, references
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit
from tapctl.template.model import Path, Template
from tapctl.template.nested import StackTree
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver
from tapctl.template.values import NO_VALUE, ResourceReference, Value
from tapctl.unknown import Unknown


def exports_anything(tree: StackTree) -> bool:
    """Whether an output of the template or of a nested one is exported."""
    outputs = (output for member in tree.members() for output in member.resolver.template.outputs.values())
    return any("Export" in output for output in outputs) or any(_hidden_outputs(tree))


def _hidden_outputs(tree: StackTree) -> Iterator[tuple[Template, Path, Unknown]]:
    """The places in the section Outputs where an include or a macro may add exports."""
    for member in tree.members():
        template = member.resolver.template
        yield from ((template, path, unknown) for path, unknown in template.opaque.items() if path[0] == "Outputs")


def has_exports(stack: Stack | Unknown | None) -> bool:
    """Whether the live stack exports something, or may do so in a nested stack."""
    return isinstance(stack, Stack) and bool(stack.exports or stack.nested)


def judge_exports(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """At least one finding: names that are taken, exports in use that go or change, or that there are no conflicts."""
    found = [*_taken(limit, result), *_in_use(limit, result)]
    file = result.tree.resolver.template.file
    yield from found or [Finding(limit.id, Verdict.FITS, f"{limit.title}: no conflicts", file=file)]


def _taken(limit: Limit, result: Preflight) -> Iterator[Finding]:
    if not exports_anything(result.tree):
        return
    exports, file = result.account.exports, result.tree.resolver.template.file
    for template, path, unknown in _hidden_outputs(result.tree):
        hidden_in, line = template.place(*path)
        message = f"{limit.title}: {unknown.reason}"
        yield Finding(limit.id, Verdict.UNKNOWN, message, file=hidden_in, line=line, hints=next_steps(unknown))
    if isinstance(exports, Unknown):
        message = f"{limit.title}: {exports.reason}"
        yield Finding(limit.id, Verdict.UNKNOWN, message, file=file, hints=next_steps(exports), judged=False)
        return
    own = result.account.stack.name if isinstance(result.account.stack, Stack) else None
    # The name of a nested stack starts with its parent's name and its logical id.
    nested = tuple(f"{own}-{member.prefix.split('/')[0]}-" for member in result.tree.members() if member.prefix)
    foreign = {name: stack for name, stack in exports.items() if stack != own and not stack.startswith(nested)}
    for member in result.tree.members() if foreign else ():
        yield from _clashes(limit, member.resolver, foreign)


def next_steps(*values: object) -> tuple[Hint, ...]:
    """The next step of the first unknown value that has one."""
    unknown = (value.resolution for value in values if isinstance(value, Unknown) and value.resolution)
    return tuple(unknown)[:1]


def _clashes(limit: Limit, resolver: Resolver, foreign: Mapping[str, str]) -> Iterator[Finding]:
    for key, output in resolver.template.outputs.items():
        path = ("Outputs", key)
        if "Export" not in output or resolver.exists(output.get("Condition"), path) is False:
            continue
        name = _export_name(resolver, output["Export"], (*path, "Export"))
        line, shown = resolver.template.line(*path), resolver.without_secrets(str(name))
        if isinstance(name, Unknown):
            message = f"the export name of output {key} is unknown: {name.reason}"
            hints = next_steps(name)
            yield Finding(limit.id, Verdict.UNKNOWN, message, key, resolver.template.file, line, hints)
        elif name is None or name not in foreign:
            continue
        elif isinstance(exists := resolver.exists(output.get("Condition"), path), Unknown):
            message = f"output {key} may export {shown}, which stack {foreign[name]} already exports: {exists.reason}"
            hints = next_steps(exists)
            yield Finding(limit.id, Verdict.UNKNOWN, message, key, resolver.template.file, line, hints)
        else:
            message = f"output {key} exports {shown}, which stack {foreign[name]} already exports"
            hint = advise(JudgementAdvice.CHOOSE_EXPORT, foreign[name])
            yield Finding(limit.id, Verdict.EXCEEDS, message, key, resolver.template.file, line, (hint,))


def exported_names(tree: StackTree) -> Iterator[str]:
    """The names that the outputs of the tree export, as far as they are known."""
    for member in tree.members():
        resolver = member.resolver
        for key, output in resolver.template.outputs.items():
            path = ("Outputs", key)
            name = _export_name(resolver, output["Export"], (*path, "Export")) if "Export" in output else None
            if isinstance(name, str) and resolver.exists(output.get("Condition"), path) is not False:
                yield name


def _export_name(resolver: Resolver, export: Any, path: Path) -> str | Unknown | None:
    """The name that an output exports, None where it exports nothing."""
    resolved = resolver.value(export, path)
    name = resolved.get("Name") if isinstance(resolved, dict) else resolved
    return name if isinstance(name, Unknown) else None if name is NO_VALUE or name is None else as_text(name)


@dataclass(frozen=True, slots=True)
class ExportChange:
    """An export of the live stack that the update removes or changes, surely or, for the reason `maybe`, perhaps.

    `output` is its key in the new template, empty where that has none.
    """

    name: str
    removed: bool
    file: str
    line: int
    output: str = ""
    maybe: Unknown | None = None


def changed_exports(tree: StackTree, account: Account, effects: UpdateEffects) -> tuple[ExportChange, ...]:
    """The exports of the stack and its nested stacks that the update removes or changes.

    A value that is known only after the deploy counts as changed where its resource is new or replaced: by a property
    that the schema of its type calls create-only, or as a change set shows. In nested stacks only functions are.
    """
    stack = account.stack
    if not isinstance(stack, Stack):
        return ()
    members = {member.prefix: member for member in tree.members()}
    remote = tuple(nested.prefix for nested in tree.remotes())
    changes: list[ExportChange] = []
    for prefix, exports in _live_exports(stack, account.exports).items():
        if member := members.get(prefix):
            found = [_change(member, stack, effects, name, value) for name, value in exports.items()]
            changes += [change for change in found if change]
        elif not prefix.startswith(remote):
            file, line = tree.resolver.template.file, _line(tree.resolver)
            changes += [ExportChange(name, True, file, line) for name in exports]
    return tuple(changes)


def _live_exports(stack: Stack, exports: Mapping[str, str] | Unknown) -> dict[str, dict[str, str | None]]:
    """By prefix the exports and their values; those of nested stacks are not known."""
    live: dict[str, dict[str, str | None]] = {"": dict(stack.exports)}
    for prefix, nested in _nested_names(stack).items():
        if isinstance(exports, Mapping):
            live[prefix] = {name: None for name, owner in exports.items() if owner == nested}
    return live


def _nested_names(stack: Stack) -> dict[str, str]:
    """The names of the nested stacks by prefix, from ids such as `arn:…:stack/NAME/ID`."""
    return {prefix: [*stack_id.split("/"), stack_id][1] for prefix, stack_id in stack.nested.items()}


def _line(resolver: Resolver) -> int:
    return resolver.template.line("Outputs")


def _change(
    member: StackTree, stack: Stack, effects: UpdateEffects, name: str, value: str | None
) -> ExportChange | None:
    """The change of one export of a stack whose new template was read; None if it stays."""
    resolver, maybe = member.resolver, None
    file = resolver.template.file
    for key, output in resolver.template.outputs.items():
        path = ("Outputs", key)
        exists = resolver.exists(output.get("Condition"), path)
        written = _export_name(resolver, output["Export"], (*path, "Export")) if "Export" in output else None
        if exists is False or written is None:
            continue
        if isinstance(written, Unknown):
            maybe = maybe or written
        elif written == name:
            new = resolver.value(output.get("Value"), (*path, "Value"))
            differs = _differs(member, stack, effects, value, new) or _may_differ(member, effects, output.get("Value"))
            line = resolver.template.line(*path, "Value")
            if isinstance(exists, Unknown):
                return ExportChange(name, True, file, line, key, exists)
            unsure = differs if isinstance(differs, Unknown) else None
            return ExportChange(name, False, file, line, key, unsure) if differs else None
    return ExportChange(name, True, file, _line(resolver), maybe=maybe)


def _differs(member: StackTree, stack: Stack, effects: UpdateEffects, value: str | None, new: Value) -> bool | Unknown:
    if isinstance(new, ResourceReference):
        name = f"{member.prefix}{new.logical_id}"
        if name in effects.maybe_replaced:
            return Unknown(f"{new.logical_id} may be replaced")
        written = member.resolver.template.body["Resources"].get(new.logical_id, {}).get("Type")
        return name in effects.replaced or (stack.resources is not None and stack.resources.get(name) != written)
    return value is not None and not isinstance(new, Unknown | list | dict) and as_text(new) != value


def _may_differ(member: StackTree, effects: UpdateEffects, written: object) -> Unknown | bool:
    """Whether a part of the value changes, as in a text around the name of a resource that is replaced."""
    names = (name for name in references(written) if f"{member.prefix}{name}" in effects.replaced)
    name = next(names, None)
    return Unknown(f"{name} is replaced, or may be") if name else False


def _in_use(limit: Limit, result: Preflight) -> Iterator[Finding]:
    """A finding for each export that goes or changes and that another stack imports."""
    stack = result.account.stack
    nested = set(_nested_names(stack).values()) if isinstance(stack, Stack) else set()
    for change in changed_exports(result.tree, result.account, result.effects):
        importers = result.account.imports.get(change.name, UNREAD)
        subject = f"export {change.name}"
        what = "removes" if change.removed else "changes"
        place = (change.output or None, change.file, change.line)
        if isinstance(importers, Unknown):
            message = (
                f"the update {what} {subject}, and whether another stack imports it is unknown: {importers.reason}"
            )
            yield Finding(limit.id, Verdict.UNKNOWN, message, *place, next_steps(importers), judged=False)
        elif importers:
            message = f"the update {what} {subject}, which {_importing_stacks(importers)}; CloudFormation refuses that"
            verdict = Verdict.UNCERTAIN if nested.issuperset(importers) else Verdict.EXCEEDS
            hint = advise(JudgementAdvice.KEEP_EXPORT)
            if change.maybe:
                verdict, message = Verdict.UNKNOWN, f"{message}, and whether it does is unknown: {change.maybe.reason}"
            yield Finding(limit.id, verdict, message, *place, (hint, advise(JudgementAdvice.READ_PAGE, limit.docs)))


def _importing_stacks(importers: tuple[str, ...]) -> str:
    most = 10
    more = f" and {len(importers) - most} more" if len(importers) > most else ""
    stacks = "stack" if len(importers) == 1 else "stacks"
    return f"{stacks} {', '.join(importers[:most])}{more} import{'s' if len(importers) == 1 else ''}"
