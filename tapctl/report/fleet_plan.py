"""A rollout before it begins: its override sets with their accounts, its operations, and what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tapctl.fleet.override_sets import together
from tapctl.fleet.plan import StepKind
from tapctl.report.fleet import named_cells, named_keys
from tapctl.report.hints import THROUGH_STACK_SET, worded_all
from tapctl.report.render import RenderOptions, counted, draw
from tapctl.state.redaction import REDACTED
from tapctl.template.parameters import is_secret

if TYPE_CHECKING:
    from rich.text import Text

    from tapctl.aws.stack_sets import Rectangle
    from tapctl.concurrency.remedy import Remedy
    from tapctl.fleet.override_sets import Key, LeftOut, Placement
    from tapctl.fleet.plan import RolloutPlan
    from tapctl.fleet.prepare import Prepared
    from tapctl.template.model import Template

SCHEMA = "tapctl.rollout/1"

NAMED = 6
"""How many accounts a line names at most."""

BESIDE = "a fleet of their own with this `stack_set` deletes them: `tapctl fleet destroy NAME --adopt`"
"""What to do about instances that the fleet does not name."""


def plan_text(stack_set: str, plan: RolloutPlan, template: Template, options: RenderOptions) -> str:
    """The override sets with the accounts of each, the operations in their order, and what is left out."""
    from rich.text import Text

    sets = override_sets(plan)
    new = "new " if plan.steps and plan.steps[0].kind is StepKind.CREATE_SET else ""
    count = counted(len(plan.wanted.placements), "cell")
    title = f"{new}stack set {stack_set}, {count} in {counted(len(sets), 'override set')}"
    parts: list[Any] = [title]
    for number, (values, placements) in enumerate(sets.items()):
        parts += [*[""] * (number == 0), *_set_lines(values, placements, plan, template)]
    parts += ["", *(_step_lines(plan) if plan.steps else ["nothing to change"])]
    if lines := [*left_lines(plan.left_out), *_notes(plan)]:
        parts += ["", *map(Text, lines)]
    return draw(options, *parts)


def override_sets(plan: RolloutPlan) -> Mapping[tuple[tuple[str, str], ...], list[Placement]]:
    """The placements by the values that differ between them."""
    return together(plan.wanted.placements, plan.wanted.overridden)


def _set_lines(
    values: Sequence[tuple[str, str]], placements: Sequence[Placement], plan: RolloutPlan, template: Template
) -> Iterator[Text]:
    from rich.text import Text

    shown = ", ".join(f"{name}={_override_text(name, value, template)}" for name, value in values) or "no overrides"
    own = all(plan.wanted.values.get(name) == value for name, value in values)
    stays = " (the stack set's own)" if own and values else ""
    yield Text(f"{counted(len(placements), 'cell')}: {shown}{stays}")
    yield Text(f"  {named_cells([placement.cell for placement in placements], NAMED)}")
    yield from (Text(f"  {name}: {remedy.effect}") for name, remedy in _remedies(placements).items())


def _override_text(name: str, value: str, template: Template) -> str:
    if is_secret(template.parameters.get(name, {})):
        return REDACTED
    return value if value and " " not in value else f'"{value}"'


def _remedies(placements: Iterable[Placement]) -> dict[str, Remedy]:
    """The effect of the remedies of one override set on each function, the same in all of its cells."""
    return {name: remedy for placement in placements for name, remedy in placement.remedies.items()}


def _step_lines(plan: RolloutPlan) -> Iterator[str]:
    order = list(dict.fromkeys(placement.cell.region for placement in plan.wanted.placements))
    for number, step in enumerate(plan.steps, 1):
        where = f": {_where(step.targets, order)}" if step.targets else ""
        yield f"{number}. {step.description}{where}"


def _where(targets: Rectangle, order: Sequence[str]) -> str:
    """The accounts, and the Regions in the order in which they are deployed to."""
    accounts = targets.accounts
    regions = sorted(targets.regions, key=lambda region: order.index(region) if region in order else len(order))
    more = f" and {len(accounts) - NAMED:,} more" if len(accounts) > NAMED else ""
    return f"{', '.join(accounts[:NAMED])}{more} in {', '.join(regions)}"


def left_lines(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """The cells that are left out, by the reason."""
    groups: dict[tuple[str, str, str], list[LeftOut]] = {}
    for left in left_out:
        groups.setdefault((left.verdict.value, left.reason, worded_all(left.hints, THROUGH_STACK_SET)), []).append(left)
    for (verdict, reason, hint), members in groups.items():
        yield f"left out, {verdict}: {named_cells([left.cell for left in members], NAMED)}"
        yield f"  {reason}"
        if hint:
            yield f"  hint: {hint}"


def _notes(plan: RolloutPlan) -> Iterator[str]:
    if plan.beside:
        yield f"not in the fleet, and not changed: {named_keys(sorted(plan.beside), NAMED)}"
        yield f"  hint: {BESIDE}"
    if not plan.joins:
        yield "warning: `auto_deploy` is not switched while the stack set has instances that are left out"
    if plan.wanted.unsafe:
        functions = ", ".join(plan.wanted.unsafe)
        yield f"warning: accounts that join get the whole reservation of {functions}, which depends on no parameter"


def plan_json(fleet: str, stack_set: str, prepared: Prepared) -> str:
    document = {"schema": SCHEMA, "executed": False, **plan_fields(fleet, stack_set, prepared)}
    return json.dumps(document, indent=2) + "\n"


def plan_fields(fleet: str, stack_set: str, prepared: Prepared) -> dict[str, Any]:
    plan, template = prepared.plan, prepared.judged.template
    return {
        "fleet": fleet,
        "stack_set": stack_set,
        "verdict": prepared.judged.verdict.value,
        "override_sets": [
            {
                "overrides": {name: REDACTED if _is_hidden(name, template) else value for name, value in values},
                "remedies": [
                    {
                        "function": name,
                        "action": remedy.action.value,
                        "requested": remedy.requested,
                        "value": remedy.value,
                    }
                    for name, remedy in _remedies(placements).items()
                ],
                "cells": [key_json(placement.key) for placement in placements],
            }
            for values, placements in override_sets(plan).items()
        ],
        "steps": [
            {
                "action": step.kind.name.lower(),
                "canary": step.is_canary,
                "cells": [key_json(cell) for cell in step.cells],
            }
            for step in plan.steps
        ],
        "left_out": [left_json(left) for left in plan.left_out],
        "beside": [key_json(cell) for cell in plan.beside],
    }


def _is_hidden(name: str, template: Template) -> bool:
    return is_secret(template.parameters.get(name, {}))


def key_json(cell: Key) -> dict[str, str]:
    return {"account_id": cell[0], "region": cell[1]}


def left_json(left: LeftOut) -> dict[str, Any]:
    hint = worded_all(left.hints, THROUGH_STACK_SET) or None
    return {**key_json(left.cell.key), "verdict": left.verdict.value, "reason": left.reason, "hint": hint}
