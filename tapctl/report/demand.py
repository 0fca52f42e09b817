"""A demand as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tapctl.concurrency.demand import Demand, FunctionDemand
from tapctl.report.hints import worded
from tapctl.report.render import RenderOptions, draw
from tapctl.unknown import Unknown

SCHEMA = "tapctl.demand/1"


def as_json(demand: Demand, _: RenderOptions) -> str:
    """The contract `tapctl.demand/1`, with scaling ranges, event sources and opaque resources."""
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


def as_text(demand: Demand, surface: RenderOptions) -> str:
    """A tree by stack with the place and source of each value, what else affects concurrency, and the totals."""
    from rich.markup import escape
    from rich.tree import Tree

    root = Tree(escape(f"{demand.template} ({demand.construct})" if demand.construct else demand.template))
    stacks = {"": root}
    for function in demand.functions:
        *above, name = function.logical_id.split("/")
        branch = _stack(stacks, root, above, function.file).add(f"{name} {_place(function.file, function.line)}")
        if function.reserved is not None:
            where = _place(function.file, function.reserved_line or function.line)
            branch.add(f"reserved {_number(function.reserved)} {where}{_from(function.reserved_source)}")
        for version in function.provisioned:
            where = _place(function.file, version.line)
            branch.add(f"provisioned {_number(version.value)} on {version.logical_id} {where}{_from(version.source)}")
    return draw(surface, root, *_other_lines(demand), _totals(demand))


def _stack(stacks: dict[str, Any], root: Any, above: list[str], file: str) -> Any:
    """The branch of a nested stack, created on first use."""
    path = "/".join(above)
    if path not in stacks:
        parent = _stack(stacks, root, above[:-1], "")
        stacks[path] = parent.add(f"stack {above[-1]} {file}")
    return stacks[path]


def _place(file: str, line: int) -> str:
    from rich.markup import escape

    return f"[dim]{escape(file)}:{line}[/]"


def _from(source: str) -> str:
    return f" ({source})" if source else ""


def _other_lines(demand: Demand) -> Iterator[str]:
    for scale in demand.scaling:
        where = _place(scale.file, scale.line)
        yield f"{scale.logical_id} scales from {_number(scale.minimum)} to {_number(scale.maximum)} {where}"
    for source in demand.event_sources:
        where = _place(source.file, source.line)
        yield f"{source.logical_id} runs at most {_number(source.maximum)} at once and reserves nothing {where}"
    for resource in demand.opaque_resources:
        where = _place(resource.file, resource.line)
        yield f"opaque: {resource.logical_id} ({resource.type}): {resource.reason} {where}"


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


RENDERERS: Mapping[str, Callable[[Demand, RenderOptions], str]] = {"text": as_text, "json": as_json}
