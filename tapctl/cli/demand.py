"""`tapctl demand`: the concurrency that a template asks for, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapctl.cli.command import Only
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode
from tapctl.report.hints import worded
from tapctl.report.render import RenderOptions, draw
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.concurrency.demand import Demand, FunctionDemand


def demand(
    template: TemplateOptions,
    account: Annotated[AccountOptions, Only("env", "region", "stack_name", "config")],
    judgement: Annotated[JudgementOptions, Only("allow_uncertain")],
    output: OutputOptions,
) -> None:
    """Print the reserved and provisioned concurrency that the template asks for; needs no AWS.

    Exits with 0, or with 4 if the template and the parameters leave a value open.
    """
    from tapctl.concurrency.read_demand import read_demand
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.preflight import duplicate_keys
    from tapctl.workflows.read_inputs import stack_tree_for

    terminal = Terminal.of(output)
    settings = read(account, template=template, judgement=judgement, missing_secrets_unknown=True)
    tree = stack_tree_for(load(settings.template), settings)
    result = read_demand(tree)
    for finding in duplicate_keys(tree):
        terminal.message(f"warning: {finding.file}:{finding.line}: {finding.message}")
    text = as_text(result, terminal.options(output.output)) if output.text else as_json(result)
    terminal.result(text, output.output)
    raise typer.Exit(ExitCode.UNCERTAIN if result.unknowns and not settings.allow_uncertain else ExitCode.OK)


SCHEMA = "tapctl.demand/1"


def as_json(demand: Demand) -> str:
    """The contract `tapctl.demand/1`."""
    document = {
        "schema": SCHEMA,
        "template": demand.template,
        "construct": demand.construct or None,
        "functions": [_function_json(function) for function in demand.functions],
        "totals": {"reserved": demand.reserved, "provisioned": demand.provisioned, "claim": demand.claim},
        "scaling": [
            {
                "logical_id": target.logical_id,
                "line": target.line,
                "min": _plain(target.minimum),
                "max": _plain(target.maximum),
            }
            for target in demand.scaling
        ],
        "event_sources": [
            {"logical_id": source.logical_id, "line": source.line, "maximum_concurrency": _plain(source.maximum)}
            for source in demand.event_sources
        ],
        "opaque_resources": [
            {"logical_id": resource.logical_id, "type": resource.type, "line": resource.line, "reason": resource.reason}
            for resource in demand.opaque_resources
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _function_json(function: FunctionDemand) -> dict[str, Any]:
    return {
        "logical_id": function.logical_id,
        "line": function.line,
        "reserved": _plain(function.reserved),
        "provisioned": [
            {"logical_id": version.logical_id, "value": _plain(version.value)} for version in function.provisioned
        ],
    }


def _plain(value: int | Unknown | None) -> Any:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value


def as_text(demand: Demand, options: RenderOptions) -> str:
    """A tree by stack with the place and source of each value, what else affects concurrency, and the totals."""
    from rich.markup import escape
    from rich.tree import Tree

    root = Tree(escape(f"{demand.template} ({demand.construct})" if demand.construct else demand.template))
    stacks = {"": root}
    for function in demand.functions:
        *above, name = function.logical_id.split("/")
        name = f"{above.pop()}/*" if above and name == "*" else name
        branch = _stack(stacks, root, above, function.file).add(
            f"{escape(name)} {_place(function.file, function.line)}"
        )
        if function.reserved is not None:
            where = _place(*function.claim_place)
            branch.add(f"reserved {_number(function.reserved)} {where}{_from(function.reserved_source)}")
        for version in function.provisioned:
            where = _place(version.file or function.file, version.line)
            branch.add(
                f"provisioned {_number(version.value)} on {escape(version.logical_id)} {where}{_from(version.source)}"
            )
    return draw(options, root, *_other_lines(demand), _totals(demand))


def _stack(stacks: dict[str, Any], root: Any, above: list[str], file: str) -> Any:
    """The branch of a nested stack, created on first use."""
    from rich.markup import escape

    path = "/".join(above)
    if path not in stacks:
        parent = _stack(stacks, root, above[:-1], "")
        stacks[path] = parent.add(escape(f"stack {above[-1]} {file}"))
    return stacks[path]


def _place(file: str, line: int) -> str:
    from rich.markup import escape

    return f"[dim]{escape(file)}:{line}[/]"


def _from(source: str) -> str:
    from rich.markup import escape

    return escape(f" ({source})") if source else ""


def _other_lines(demand: Demand) -> Iterator[str]:
    from rich.markup import escape

    for scale in demand.scaling:
        where = _place(scale.file, scale.line)
        yield f"{escape(scale.logical_id)} scales from {_number(scale.minimum)} to {_number(scale.maximum)} {where}"
    for source in demand.event_sources:
        where = _place(source.file, source.line)
        yield f"{escape(source.logical_id)} runs at most {_number(source.maximum)} at once and reserves nothing {where}"
    for resource in demand.opaque_resources:
        where = _place(resource.file, resource.line)
        yield f"{escape(f'opaque: {resource.logical_id} ({resource.type}): {resource.reason}')} {where}"


def _totals(demand: Demand) -> str:
    unknowns = len(demand.unknowns)
    rest = f", {unknowns} unknown" if unknowns else ""
    count = len(demand.functions)
    return (
        f"{count} function{'s' if count != 1 else ''}; reserved {demand.reserved},"
        f" provisioned {demand.provisioned}, claim {demand.claim}{rest}"
    )


def _number(value: int | Unknown) -> str:
    from rich.markup import escape

    if isinstance(value, Unknown):
        hint = f" (hint: {worded(value.resolution)})" if value.resolution else ""
        return escape(f"unknown: {value.reason}{hint}")
    return f"{value} (stops the function)" if value == 0 else str(value)
