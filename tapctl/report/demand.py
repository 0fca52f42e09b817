"""A demand as text for people and as JSON for programs."""

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
    """The contract `tapctl.demand/1`; beside it scaling ranges, event sources and what cannot be seen into."""
    document = {
        "schema": SCHEMA,
        "template": demand.template,
        "functions": [_function_json(function) for function in demand.functions],
        "totals": {"reserved": demand.reserved, "provisioned": demand.provisioned, "claim": demand.claim},
        "scaling": [
            {"logical_id": each.logical_id, "line": each.line, "min": _plain(each.minimum), "max": _plain(each.maximum)}
            for each in demand.scaling
        ],
        "event_sources": [
            {"logical_id": each.logical_id, "line": each.line, "maximum_concurrency": _plain(each.maximum)}
            for each in demand.event_sources
        ],
        "opaque_resources": [
            {"logical_id": each.logical_id, "type": each.type, "line": each.line, "reason": each.reason}
            for each in demand.opaque_resources
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _function_json(function: FunctionDemand) -> dict[str, Any]:
    return {
        "logical_id": function.logical_id,
        "line": function.line,
        "reserved": _plain(function.reserved),
        "provisioned": [{"logical_id": each.logical_id, "value": _plain(each.value)} for each in function.provisioned],
    }


def _plain(value: int | Unknown | None) -> Any:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value


def as_text(demand: Demand, surface: RenderOptions) -> str:
    """A tree by stack with the place and source of each value, what stands beside it, and the totals."""
    from rich.markup import escape
    from rich.tree import Tree

    root = Tree(escape(demand.template))
    stacks = {"": root}
    for function in demand.functions:
        *above, name = function.logical_id.split("/")
        branch = _stack(stacks, root, above, function.file).add(f"{name} {_place(function.file, function.line)}")
        if function.reserved is not None:
            where = _place(function.file, function.reserved_line or function.line)
            branch.add(f"reserved {_said(function.reserved)} {where}{_from(function.reserved_source)}")
        for each in function.provisioned:
            where = _place(function.file, each.line)
            branch.add(f"provisioned {_said(each.value)} by {each.logical_id} {where}{_from(each.source)}")
    return draw(surface, root, *_beside(demand), _totals(demand))


def _stack(stacks: dict[str, Any], root: Any, above: list[str], file: str) -> Any:
    """The branch of a nested stack, made where it is first met."""
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


def _beside(demand: Demand) -> Iterator[str]:
    for scale in demand.scaling:
        where = _place(scale.file, scale.line)
        yield f"{scale.logical_id} scales from {_said(scale.minimum)} to {_said(scale.maximum)} {where}"
    for source in demand.event_sources:
        where = _place(source.file, source.line)
        yield f"{source.logical_id} runs {_said(source.maximum)} at once at most, and reserves nothing {where}"
    for each in demand.opaque_resources:
        yield f"not seen into: {each.logical_id}, {each.type}: {each.reason} {_place(each.file, each.line)}"


def _totals(demand: Demand) -> str:
    unknowns = len(demand.unknowns)
    rest = f", and {unknowns} that cannot be known" if unknowns else ""
    count = len(demand.functions)
    return (
        f"{count} function{'s' if count != 1 else ''}; reserved {demand.reserved},"
        f" provisioned {demand.provisioned}, claim {demand.claim}{rest}"
    )


def _said(value: int | Unknown) -> str:
    from rich.markup import escape

    if isinstance(value, Unknown):
        resolution = f"; {worded(value.resolution)}" if value.resolution else ""
        return escape(f"unknown: {value.reason}{resolution}")
    return f"{value} (stops the function)" if value == 0 else str(value)


RENDERERS: Mapping[str, Callable[[Demand, RenderOptions], str]] = {"text": as_text, "json": as_json}
