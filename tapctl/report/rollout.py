"""A rollout through StackSets: its progress, its result, and its verification."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from shlex import quote
from typing import TYPE_CHECKING, Any

from tapctl.errors import TapctlError
from tapctl.fleet.cause import InstanceFailure, cause
from tapctl.report.document import error_fields
from tapctl.report.fleet import named_cells, named_keys
from tapctl.report.fleet_plan import BESIDE, NAMED, SCHEMA, key_json, left_json, left_lines, plan_fields
from tapctl.report.hints import worded
from tapctl.report.render import STYLES, RenderOptions, counted, draw
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.fleet.cells import Cell
    from tapctl.fleet.destroy_fleet import FleetDestroyed
    from tapctl.fleet.operation import EndedOperation, Progress
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.plan import FleetDeletion
    from tapctl.fleet.rollout import Rollout
    from tapctl.fleet.verify_fleet import CellProof, FleetVerification
    from tapctl.fleet.watch_fleet import Watched

VERIFY_SCHEMA = "tapctl.proof/1"
WATCH_SCHEMA = "tapctl.operation/1"
DESTROY_SCHEMA = "tapctl.removal/1"


def progress_line(progress: Progress, title: str) -> str:
    """The progress of an operation, in one line."""
    counts = ", ".join(f"{count:,} {status.lower()}" for status, count in sorted(progress.counts.items()))
    return f"{title}: {progress.operation.status}{f' ({counts})' if counts else ''}"


def failure_lines(progress: Progress, cells: Collection[Key]) -> Iterator[str]:
    """Why the instances in these cells failed, and what to do about it: a line for each cause."""
    groups: dict[InstanceFailure, list[str]] = {}
    for result in progress.failed:
        if result.cell in cells:
            groups.setdefault(cause(result.reason), []).append("/".join(result.cell))
    for known_cause, names in groups.items():
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        hint = f"; hint: {worded(known_cause.hint)}" if known_cause.hint else ""
        yield f"{', '.join(names[:NAMED])}{more} failed: {known_cause.sentence}{hint}"


def result_text(rollout: Rollout, stack_set: str, options: RenderOptions) -> str:
    """Each failed cell with its cause, the cells that are left out, and the outcome in one sentence."""
    from rich.text import Text

    parts: list[Any] = list(map(Text, _failed_lines(rollout)))
    parts += [Text(f"inoperable: {'/'.join(cell)}") for cell in rollout.inoperable]
    parts += [Text(f"not reached: {named_cells(_cells(rollout, rollout.not_reached), NAMED)}")] * bool(
        rollout.not_reached
    )
    if rollout.not_reached and not rollout.failed:
        parts.append("  hint: the operation was stopped; run it again to continue")
    parts += map(Text, left_lines(rollout.left_out))
    return draw(options, *parts, sentence(rollout, stack_set))


def _failed_lines(rollout: Rollout) -> Iterator[str]:
    """The cells on which an operation failed, by cause."""
    for (status, known_cause), keys in _by_cause(rollout.failed).items():
        yield f"{status}: {named_cells(_cells(rollout, keys), NAMED)}"
        yield f"  {known_cause.sentence}"
        if known_cause.hint:
            yield f"  hint: {worded(known_cause.hint)}"


def _by_cause(failed: Mapping[Key, EndedOperation]) -> Mapping[tuple[str, InstanceFailure], list[Key]]:
    """The cells by the status and the cause of their last operation."""
    groups: dict[tuple[str, InstanceFailure], list[Key]] = {}
    for key, end in failed.items():
        result = end.results[key]
        groups.setdefault((result.status.lower(), cause(result.reason)), []).append(key)
    return groups


def _cells(rollout: Rollout, keys: Collection[Key]) -> list[Cell]:
    return [judged.cell for judged in rollout.prepared.judged.cells if judged.cell.key in keys]


def sentence(rollout: Rollout, stack_set: str) -> str:
    if not rollout.confirmed:
        return f"stack set {stack_set} was not changed"
    others = [
        f"{len(cells):,} {what}"
        for cells, what in (
            (rollout.failed, "failed"),
            (rollout.not_reached, "not reached"),
            (rollout.left_out, "left out"),
        )
        if cells
    ]
    behind = f"; {', '.join(others)}" if others else ""
    state = "deployed" if rollout.prepared.plan.steps else "up to date"
    return f"stack set {stack_set} is {state} in {counted(len(rollout.deployed), 'cell')}{behind}"


def watched_text(watched: Watched, fleet: str, stack_set: str, options: RenderOptions) -> str:
    """How each operation that was followed ended, what is left of the rollout, and how it is continued."""
    from rich.text import Text

    lines = [_operation_line(end, stack_set) for end in watched.ends] or [
        f"no operation is running on stack set {stack_set}"
    ]
    lines.append(_left(watched))
    if command := _next(watched, fleet):
        lines.append(f"hint: `{command}` continues {'it' if watched.entry.is_open else 'with the others'}")
    return draw(options, *map(Text, lines))


def _operation_line(end: EndedOperation, stack_set: str) -> str:
    failed = f", {len(end.failed):,} failed" if end.failed else ""
    cells = counted(len(end.results), "cell")
    return f"operation {end.operation.id} on stack set {stack_set} is {end.operation.status} in {cells}{failed}"


def _left(watched: Watched) -> str:
    """Where the rollout of this machine has stopped, or how many cells have what the stack set has."""
    entry = watched.entry
    if entry.is_open:
        what = "deletion" if entry.command == "destroy" else "rollout"
        more = f", with {counted(entry.left, 'operation')} after it" if entry.left else ""
        return f"the {what} of {entry.when} is not complete: it was stopped at {entry.step}{more}"
    if not watched.exists:
        return "the stack set is deleted"
    return f"instances are CURRENT in {watched.current:,} of {counted(watched.total, 'cell')}"


def _next(watched: Watched, fleet: str) -> str | None:
    """The command that continues the rollout; None where nothing is known to be left."""
    if watched.entry.is_open:
        return f"tapctl fleet {watched.entry.command} {quote(fleet)}"
    return f"tapctl fleet deploy {quote(fleet)}" if watched.exists and watched.current < watched.total else None


def watched_json(watched: Watched, fleet: str, stack_set: str) -> str:
    entry, operations = watched.entry, [_operation_json(end) for end in watched.ends]
    document = {
        "schema": WATCH_SCHEMA,
        "fleet": fleet,
        "stack_set": stack_set,
        "operation": operations[-1] if operations else None,
        "operations": operations,
        "unfinished": {"step": entry.step, "began": entry.at, "operations_left": entry.left} if entry.is_open else None,
        "cells": {"current": watched.current, "total": watched.total},
        "next": _next(watched, fleet),
    }
    return json.dumps(document, indent=2) + "\n"


def rollout_json(
    fleet: str,
    stack_set: str,
    rollout: Rollout | None,
    verification: FleetVerification | None = None,
    error: TapctlError | None = None,
) -> str:
    """The document of a rollout, also of one that failed."""
    document: dict[str, Any] = {"schema": SCHEMA, "fleet": fleet, "stack_set": stack_set, "executed": True}
    if rollout:
        document |= {
            **plan_fields(fleet, stack_set, rollout.prepared),
            "left_out": [left_json(left) for left in rollout.left_out],
            "declined": not rollout.confirmed,
            "operations": [_operation_json(end) for end in rollout.ends],
            "deployed": [key_json(cell) for cell in rollout.deployed],
            "not_reached": [key_json(cell) for cell in rollout.not_reached],
            "inoperable": [key_json(cell) for cell in rollout.inoperable],
        }
    document["verification"] = _cells_json(verification) if verification else None
    document["error"] = error_fields(error) if error else None
    return json.dumps(document, indent=2) + "\n"


def _operation_json(end: EndedOperation) -> dict[str, Any]:
    return {
        "id": end.operation.id,
        "action": end.step,
        "status": end.operation.status,
        "cells": [
            {**key_json(result.cell), "status": result.status, "reason": result.reason or None}
            for result in end.results.values()
        ],
    }


def verification_text(verification: FleetVerification, options: RenderOptions) -> str:
    """The cells that are not proved by the checks that failed, then the sum; with `verbose` also those that are."""
    from rich.text import Text

    from tapctl.verify.check import CheckStatus

    parts: list[Any] = [f"verification of stack set {verification.stack_set}"]
    groups: dict[tuple[bool, tuple[str, ...]], list[Cell]] = {}
    for proof in verification.cells if options.verbose else verification.failed:
        groups.setdefault((proof.is_proved, tuple(_unproved(proof))), []).append(proof.cell)
    for (is_proved, lines), cells in groups.items():
        head = ("ok ", STYLES["fits"]) if is_proved else ("no ", STYLES["exceeds"])
        parts.append(Text.assemble(head, f" {named_cells(cells, None if options.verbose else NAMED)}"))
        parts += [Text(f"    {line}") for line in lines]
    if any(proof.instance.status is CheckStatus.FAILED for proof in verification.failed):
        parts.append(Text(f"hint: `tapctl fleet deploy {quote(verification.name)}` brings these instances up to date"))
    total, failed = len(verification.cells), len(verification.failed)
    checks = sum(len(proof.checks) for proof in verification.cells)
    summary = f"verified {total - failed:,} of {counted(total, 'cell')}, {checks:,} checks"
    return draw(options, *parts, summary)


def _unproved(proof: CellProof) -> Iterator[str]:
    from tapctl.verify.check import CheckStatus

    if isinstance(proof.verification, Unknown):
        yield f"not verified: {proof.verification.reason}"
        if proof.verification.resolution:
            yield f"hint: {worded(proof.verification.resolution)}"
    for check in proof.checks:
        if check.status is CheckStatus.FAILED:
            yield check.message if check is proof.instance else f"{check.subject}: {check.message}"
    if proof.instance.hint:
        yield f"hint: {worded(proof.instance.hint)}"


def verification_json(verification: FleetVerification) -> str:
    document = {
        "schema": VERIFY_SCHEMA,
        "fleet": verification.name,
        "stack_set": verification.stack_set,
        "verified": not verification.failed,
        "cells": _cells_json(verification),
    }
    return json.dumps(document, indent=2) + "\n"


def _cells_json(verification: FleetVerification) -> list[dict[str, Any]]:
    from tapctl.report.verify import checks_json
    from tapctl.unknown import Unknown

    return [
        {
            **key_json(proof.cell.key),
            "verified": proof.is_proved,
            "reason": proof.verification.reason if isinstance(proof.verification, Unknown) else None,
            "checks": checks_json(proof.checks),
        }
        for proof in verification.cells
    ]


def deletion_text(deletion: FleetDeletion, options: RenderOptions) -> str:
    """The instances that a destroy deletes, and the resources of each stack whose data is lost or that stay."""
    from rich.text import Text

    from tapctl.report.destroy import resource_lines

    parts: list[Any] = [f"stack set {deletion.stack_set}, {counted(len(deletion.cells), 'instance')}"]
    if deletion.cells:
        parts.append(Text(f"  {named_keys(sorted(deletion.cells), None if options.verbose else NAMED)}"))
    if deletion.retains:
        return draw(options, *parts, "the stacks stay, with all of their resources")
    if isinstance(deletion.resources, Unknown):
        return draw(options, *parts, Text(f"unknown: which data is lost ({deletion.resources.reason})"))
    if not deletion.resources:
        return draw(options, *parts, "no resource of its template holds data or is retained")
    return draw(options, *parts, "each stack has, besides resources without data:", *resource_lines(deletion.resources))


def destroyed_text(stack_set: str, result: FleetDestroyed, options: RenderOptions) -> str:
    from rich.text import Text

    return draw(options, *map(Text, _remaining(result)), _destroyed(stack_set, result))


def _remaining(result: FleetDestroyed) -> Iterator[str]:
    """The instances that are still there, by the reason."""
    for (status, known_cause), keys in _by_cause(result.failed).items():
        yield f"{status}: {named_keys(keys, NAMED)}"
        yield f"  {known_cause.sentence}"
        first = f"{worded(known_cause.hint)}; then " if known_cause.hint else ""
        yield f"  hint: {first}run it again; `--retain-stacks` leaves the stacks"
    if result.beside and result.confirmed:
        yield f"not in the fleet, and not deleted: {named_keys(sorted(result.beside), NAMED)}"
        yield f"  hint: {BESIDE}"


def _destroyed(stack_set: str, result: FleetDestroyed) -> str:
    if not result.exists:
        return f"stack set {stack_set} does not exist: nothing to destroy"
    if not result.confirmed:
        return f"stack set {stack_set} was not changed"
    if result.is_gone:
        return f"stack set {stack_set} is destroyed"
    left = len(result.failed) + len(result.beside)
    keeps = counted(left, "instance") if left else "the instances of accounts that joined it"
    return f"stack set {stack_set} keeps {keeps}, and is not deleted"


def destroyed_json(fleet: str, stack_set: str, result: FleetDestroyed) -> str:
    document = {
        "schema": DESTROY_SCHEMA,
        "fleet": fleet,
        "stack_set": stack_set,
        "destroyed": result.exists and result.is_gone,
        "declined": not result.confirmed,
        "operations": [_operation_json(end) for end in result.ends],
        "beside": [key_json(cell) for cell in result.beside],
    }
    return json.dumps(document, indent=2) + "\n"
