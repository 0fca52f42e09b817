"""A demand as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tapctl.headroom.demand import Demand, FunctionDemand
from tapctl.report.surface import Surface, draw
from tapctl.unknown import Unknown

SCHEMA = "tapctl.demand/1"


def as_json(demand: Demand, _: Surface) -> str:
    """The contract `tapctl.demand/1`."""
    document = {
        "schema": SCHEMA,
        "template": demand.template,
        "functions": [_function_json(function) for function in demand.functions],
        "totals": {"reserved": demand.reserved, "provisioned": demand.provisioned, "claim": demand.claim},
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


def as_text(demand: Demand, surface: Surface) -> str:
    """A tree of the functions with the line of each value, and the totals."""
    from rich.tree import Tree

    tree = Tree(demand.template)
    for function in demand.functions:
        branch = tree.add(f"{function.logical_id} [dim]{demand.template}:{function.line}[/]")
        if function.reserved is not None:
            place = f"{demand.template}:{function.reserved_line}"
            branch.add(f"reserved {_said(function.reserved)} [dim]{place}[/]")
        for each in function.provisioned:
            place = f"{demand.template}:{each.line}"
            branch.add(f"provisioned {_said(each.value)} by {each.logical_id} [dim]{place}[/]")
    unknowns = len(demand.unknowns)
    rest = f", and {unknowns} that cannot be known" if unknowns else ""
    return draw(
        surface,
        tree,
        f"{len(demand.functions)} function{'s' if len(demand.functions) != 1 else ''};"
        f" reserved {demand.reserved}, provisioned {demand.provisioned}, claim {demand.claim}{rest}",
    )


def _said(value: int | Unknown) -> str:
    if isinstance(value, Unknown):
        settle = f"; {value.settle} would settle it" if value.settle else ""
        return f"unknown: {value.reason}{settle}"
    return f"{value} (stops the function)" if value == 0 else str(value)


RENDERERS: Mapping[str, Callable[[Demand, Surface], str]] = {"text": as_text, "json": as_json}
