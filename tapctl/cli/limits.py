"""`tapctl limits`: the catalogue, and what a template adds to which limit; neither needs an account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from tapctl.cli.command import Only
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.concurrency.additions import Addition, additions, claimed, largest
from tapctl.concurrency.counting import Inventory, coverage, measured, plain_number
from tapctl.concurrency.read_demand import read_demand
from tapctl.errors import ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import Limit, LimitKind, catalogue, limits_of
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, argument, option

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from tapctl.report.render import RenderOptions
    from tapctl.template.nested import StackTree

SCHEMA = "tapctl.limits/1"


class TableFormat(Enum):
    """How the table is rendered."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """Which limits."""

    panel: ClassVar = "Limits"

    of: str | None = argument("SERVICE|ID")
    format: TableFormat = option("--format", "-f", help="Output format.", default=TableFormat.TEXT)


def limits(
    which: LimitOptions,
    template: Annotated[TemplateOptions, Only("template", "parameters", "parameters_file", "lookups")],
    account: Annotated[AccountOptions, Only("env", "region", "stack_name", "config")],
    judgement: Annotated[JudgementOptions, Only("allow_uncertain")],
    output: Annotated[OutputOptions, Only("output", "quiet", "verbose")],
) -> None:
    """List the limits that tapctl judges, or with `--template` what a new stack of it adds to each; needs no AWS.

    Exits with 0, or with 4 if the template and the parameters leave a number open.
    """
    terminal = Terminal.of(output)
    if template.template is None:
        found = _chosen(catalogue(), which.of)
        terminal.result(_catalogue_text(found, which.format, terminal.options(output.output)), output.output)
        raise typer.Exit(ExitCode.OK)
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    settings = read(account, template=template, judgement=judgement, missing_secrets_unknown=True)
    tree = stack_tree_for(load(settings.template), settings)
    own = settings.limits.own
    rows = added_by(tree, which.of, own)
    uncovered = coverage(tree, own)
    terminal.result(
        _added_text(settings.template, rows, uncovered, which.format, terminal.options(output.output)), output.output
    )
    left_open = [limit.id for limit, added in rows if added.unknown or added.least != added.most]
    if not left_open or settings.allow_uncertain:
        raise typer.Exit(ExitCode.OK)
    terminal.message(f"uncertain: unknown additions to {', '.join(left_open)}")
    raise typer.Exit(ExitCode.UNCERTAIN)


def _chosen(found: Sequence[Limit], of: str | None) -> list[Limit]:
    """The limits of a service, by its code or file, or the one with this id. Raises `UsageError` for another word."""
    if of is None:
        return list(found)
    chosen = [limit for limit in found if of in (limit.id, limit.key, limit.service, limit.id.partition("-")[0])]
    known = {limit.id.partition("-")[0] for limit in catalogue()} | {limit.id for limit in catalogue()}
    if not chosen and of not in known:
        raise UsageError(f"no limit or service is named {of}", advise(UsageAdvice.LIST_LIMITS))
    return chosen


def added_by(tree: StackTree, of: str | None = None, own: Iterable[Limit] = ()) -> list[tuple[Limit, Addition]]:
    """Additions of a new stack to each limit that it touches; for a limit per parent, those to the largest parent."""
    inventory = Inventory(tree)
    rows = []
    for limit in _chosen(limits_of(inventory.by_type, own), of):
        if limit.kind is LimitKind.TEMPLATE:
            sizes = [measured(limit, member) for member in tree.members()]
            added = Addition(max(sizes), max(sizes))
        elif limit.kind is LimitKind.COUNT:
            added = largest(additions(limit, inventory))
        elif limit.kind is LimitKind.CONCURRENCY:
            added = claimed(read_demand(tree))
        else:
            continue
        if added.most or added.unknown:
            rows.append((limit, added))
    return rows


# ---------------------------------------------------------------------------------------------------------------------
# Rendering
# ---------------------------------------------------------------------------------------------------------------------


def _catalogue_text(found: Sequence[Limit], format_: TableFormat, options: RenderOptions) -> str:
    if format_ is TableFormat.JSON:
        document = {"schema": SCHEMA, "limits": [_row_json(limit) for limit in found]}
        return json.dumps(document, indent=2) + "\n"
    header = ("limit", "of", "default", "adjustable", "counts", "read with")
    rows = [
        (
            limit.id,
            limit.title,
            "" if limit.default is None and limit.fixed is None else f"{_default(limit):,} {limit.unit}".strip(),
            "yes" if limit.adjustable else "no",
            ", ".join(limit.types),
            ", ".join(limit.permissions),
        )
        for limit in found
    ]
    if len(found) >= 30 or format_ is TableFormat.MARKDOWN:
        return _table(header[:4] if len(found) >= 30 else header, rows, format_, options)
    # A terminal has no room for the title and the actions beside the types; `tapctl explain ID` has both.
    return _table(header[:1] + header[2:5], [row[:1] + row[2:5] for row in rows], format_, options)


def _default(limit: Limit) -> int | float:
    return plain_number(limit.fixed if limit.default is None else limit.default)  # type: ignore[arg-type] # one is set


def _row_json(limit: Limit) -> dict[str, Any]:
    return {
        "id": limit.id,
        "key": limit.key,
        "title": limit.title,
        "unit": limit.unit or None,
        "default": limit.fixed if limit.default is None else limit.default,
        "grade": limit.grade.value,
        "adjustable": limit.adjustable,
        "global": limit.is_global,
        "types": list(limit.types),
        "permissions": list(limit.permissions),
        "docs": limit.docs,
    }


def _added_text(
    template: str,
    rows: Sequence[tuple[Limit, Addition]],
    uncovered: Mapping[str, int],
    format_: TableFormat,
    options: RenderOptions,
) -> str:
    if format_ is TableFormat.JSON:
        document = {
            "schema": SCHEMA,
            "template": template,
            "limits": [_added_json(limit, added) for limit, added in rows],
            "coverage": [{"type": type_, "count": count} for type_, count in uncovered.items()],
        }
        return json.dumps(document, indent=2) + "\n"
    from tapctl.report.escaping import markdown, one_line

    shown = markdown if format_ is TableFormat.MARKDOWN else one_line
    header = ("limit", "adds", "default", "on", "of")
    cells = [
        (
            limit.id,
            _amount(added),
            "" if limit.default is None and limit.fixed is None else f"{_default(limit):,} {limit.unit}".strip(),
            shown(added.parent.name or added.parent.id) if added.parent and not added.parent.is_open else "",
            limit.title,
        )
        for limit, added in rows
    ]
    # An id says as much as a title, in the width of a terminal.
    columns = header[:-1] if format_ is TableFormat.TEXT else header
    text = _table(columns, cells, format_, options)
    if uncovered:
        listed = ", ".join(f"{type_} ({count})" if count > 1 else type_ for type_, count in uncovered.items())
        text += f"\nlimits not covered: {shown(listed)}\n"
    return text


def _added_json(limit: Limit, added: Addition) -> dict[str, Any]:
    numbers: dict[str, Any] = {"least": plain_number(added.least), "most": plain_number(added.most)}
    if added.unknown:
        numbers["unknown"] = added.unknown.reason
    return {
        "id": limit.id,
        "key": limit.key,
        "added": numbers,
        "parent": added.parent.id if added.parent and not added.parent.is_open else None,
        "resources": [name for name in added.resources if name],
    }


def _amount(added: Addition) -> str:
    least, most = plain_number(added.least), plain_number(added.most)
    text = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    return f"{text} or more: {added.unknown.reason}" if added.unknown else text


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], format_: TableFormat, options: RenderOptions) -> str:
    if format_ is TableFormat.MARKDOWN:
        lines = [header, ["---"] * len(header), *(row[: len(header)] for row in rows)]
        return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from tapctl.report.render import draw

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in header:
        # An id is given to other commands, so it is never shortened.
        justify: JustifyMethod = "right" if name in ("adds", "default") else "left"
        table.add_column(name, justify=justify, no_wrap=name == "limit", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row[: len(header)]))
    return draw(options, table)
