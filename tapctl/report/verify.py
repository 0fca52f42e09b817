"""A verification as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from tapctl.report.finding import of_verification
from tapctl.report.formats import rendered_by
from tapctl.report.hints import worded
from tapctl.report.render import RenderOptions, draw
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.verify import Verification

SCHEMA = "tapctl.verify/1"

_SIGNS = {
    CheckStatus.PROVED: ("ok", "green"),
    CheckStatus.FAILED: ("FAILED", "bold red"),
    CheckStatus.NOT_CHECKED: ("?", "yellow"),
}


def document(verification: Verification) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "stack": verification.stack_name,
        "verified": not verification.failed,
        "checks": [
            {
                "subject": each.subject,
                "status": each.status.value,
                "message": each.message,
                "hint": worded(each.hint) if each.hint else None,
            }
            for each in verification.checks
        ],
    }


def as_json(verification: Verification, _: RenderOptions) -> str:
    return json.dumps(document(verification), indent=2) + "\n"


def as_text(verification: Verification, surface: RenderOptions) -> str:
    """A line for each check, those of one subject together, and a sentence."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for check in verification.checks if surface.whole else _summed_up(verification.checks):
        sign, style = _SIGNS[check.status]
        hint = f" [dim](hint: {escape(worded(check.hint))})[/]" if check.hint else ""
        table.add_row(f"[{style}]{sign}[/]", escape(check.subject), f"{escape(check.message)}{hint}")
    return draw(surface, f"verification of stack {verification.stack_name}", table, _sentence(verification))


def _summed_up(checks: Iterable[Check]) -> Iterator[Check]:
    """The properties of a resource that hold in one line, before what is to be said of it beside them."""
    for subject, group in groupby(checks, lambda each: each.subject):
        several = list(group)
        held = [each for each in several if each.detail and each.status is CheckStatus.PROVED]
        if len(held) > 1:
            yield Check(subject, CheckStatus.PROVED, f"{len(held)} points are as the template says")
        yield from (each for each in several if each not in held or len(held) == 1)


def _sentence(verification: Verification) -> str:
    proved = sum(check.status is CheckStatus.PROVED for check in verification.checks)
    opaque_resources = sum(check.status is CheckStatus.NOT_CHECKED for check in verification.checks)
    rest = f", {opaque_resources} not checked" if opaque_resources else ""
    if broken := verification.failed:
        return f"not verified: {len(broken)} of {len(verification.checks)} checks failed{rest}"
    return f"verified: {proved} proved{rest}"


RENDERERS: Mapping[str, Callable[[Verification, RenderOptions], str]] = {
    "text": as_text,
    "json": as_json,
    **rendered_by(lambda verification: of_verification(verification, _sentence(verification))),
}
