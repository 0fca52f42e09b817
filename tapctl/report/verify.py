"""A verification as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
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
        "checks": checks_json(verification.checks),
    }


def checks_json(checks: Iterable[Check]) -> list[dict[str, Any]]:
    return [
        {
            "subject": check.subject,
            "status": check.status.value,
            "message": check.message,
            "hint": worded(check.hint) if check.hint else None,
        }
        for check in checks
    ]


def as_json(verification: Verification, _: RenderOptions) -> str:
    return json.dumps(document(verification), indent=2) + "\n"


def as_text(verification: Verification, options: RenderOptions) -> str:
    """A table with a line for each check, then a summary."""
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    checks = verification.checks if options.verbose else tuple(_condensed(verification.checks))
    for check in checks:
        sign, style = _SIGNS[check.status]
        hint = f" [dim](hint: {escape(worded(check.hint))})[/]" if check.hint else ""
        table.add_row(f"[{style}]{sign}[/]", escape(check.subject), f"{escape(check.message)}{hint}")
    if not options.wraps:
        # A log or a pipe gets a check on one line, so that an address in it stays whole.
        options = replace(options, width=max(options.width, _widest(checks)))
    return draw(options, f"verification of stack {verification.stack_name}", table, Text(_summary(verification)))


def verdict_line(verification: Verification, options: RenderOptions) -> str:
    """The summary alone, with the first check that failed."""
    from rich.text import Text

    first = next(iter(verification.failed), None)
    return draw(options, Text(_summary(verification) + (f"; {first.subject}: {first.message}" if first else "")))


def _widest(checks: Iterable[Check]) -> int:
    """Columns that every check fits into; a character has two at most, or ten where it is shown as an escape."""
    texts = (f"{check.subject}{check.message}{worded(check.hint) if check.hint else ''}" for check in checks)
    return 16 + max((2 * len(text) if text.isprintable() else 10 * len(text) for text in texts), default=0)


def _condensed(checks: Iterable[Check]) -> Iterator[Check]:
    """The proved properties of a resource as one line, before its other checks."""
    for subject, group in groupby(checks, lambda check: check.subject):
        of_subject = list(group)
        details = [check for check in of_subject if check.detail and check.status is CheckStatus.PROVED]
        if len(details) > 1:
            yield Check(subject, CheckStatus.PROVED, f"{len(details)} properties match the template")
        yield from (check for check in of_subject if check not in details or len(details) == 1)


def _summary(verification: Verification) -> str:
    proved = sum(check.status is CheckStatus.PROVED for check in verification.checks)
    not_checked = sum(check.status is CheckStatus.NOT_CHECKED for check in verification.checks)
    rest = f", {not_checked} not checked" if not_checked else ""
    rest += "".join(f"; {check.subject}: {check.message}" for check in verification.remedies)
    if failures := verification.failed:
        return f"not verified: {len(failures)} of {len(verification.checks)} checks failed{rest}"
    return f"verified: {proved} proved{rest}"


RENDERERS: Mapping[str, Callable[[Verification, RenderOptions], str]] = {
    "text": as_text,
    "json": as_json,
    **rendered_by(lambda verification: of_verification(verification, _summary(verification))),
}
