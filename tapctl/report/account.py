"""An account as text for people; the snapshot is its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tapctl.account.model import Account, Holders, Stack
from tapctl.concurrency.floor import floor
from tapctl.limits import CATALOGUE, LimitKind
from tapctl.report.render import RenderOptions, age, draw, functions_not_read
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.settings.settings import Settings


def text(account: Account, settings: Settings, surface: RenderOptions) -> str:
    """The concurrency, every counted limit, and what the stack holds."""
    who = f"account {account.account_id or 'unknown'} in {account.region or 'an unknown Region'}"
    who += f", a snapshot {age(account.taken_at)}" if account.is_snapshot else ""
    parts: list[Any] = [who, "", *_concurrency(account, settings), "", _limits(account)]
    if (holders := _holders(account.holders)) is not None:
        parts += ["", holders]
    if isinstance(account.stack, Stack):
        parts += ["", _stack(account.stack)]
    return draw(surface, *parts)


def _concurrency(account: Account, settings: Settings) -> list[Any]:
    from tapctl.report.render import Headroom, bar

    match account.settings.concurrency.limit, account.settings.concurrency.unreserved:
        case int(limit), int(unreserved):
            bounds = floor(limit, pinned=settings.min_unreserved, learned=settings.learned)
            number = str(bounds.safe) if bounds.known else f"{bounds.hard} to {bounds.safe}"
            held = _held(account.stack)
            return [
                f"concurrency: limit {limit}, unreserved {unreserved}, floor {number} ({bounds.source})",
                f"{max(0, unreserved - bounds.safe)} more can surely be reserved",
                bar(Headroom(max(0, limit - unreserved - held), held, unreserved, bounds.safe)),
            ]
        case limit, unreserved:
            return [f"concurrency: {_said(limit)}"]


def _held(stack: Stack | Unknown | None) -> int:
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    return sum(each.claim for each in functions if isinstance(each.claim, int))


def _limits(account: Account) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("limit", "used", "of"):
        table.add_column(name, justify="left" if name == "limit" else "right")
    for limit in CATALOGUE:
        if limit.kind is LimitKind.COUNT and (quota := account.quotas.get(limit.key)):
            used = "-" if isinstance(quota.usage, Unknown) else f"{quota.usage:,}"
            title = f"{limit.title}, {limit.unit}" if limit.unit else limit.title
            table.add_row(title, used, _said(quota.value))
    return table


def _holders(holders: Holders | Unknown) -> Any:
    """Who holds the reservations, the largest first; None where that was not asked for."""
    from rich.text import Text

    if isinstance(holders, Unknown):
        return Text(f"reservations: unknown: {holders.reason}") if holders.judged else None
    lines = [f"reservations of {len(holders.functions)} functions: {sum(holders.functions.values()):,}"]
    lines += [f"  {name}: {value:,}" for name, value in holders.largest()]
    lines += [functions_not_read(holders)] if holders.not_read else []
    return Text("\n".join(lines))


def _stack(stack: Stack) -> Any:
    lines = [f"stack {stack.name} ({stack.status})"]
    for name, each in stack.functions.items():
        reserved = "unreserved" if each.reserved is None else f"reserved {_said(each.reserved)}"
        lines.append(f"  {name} ({each.physical_id}): {reserved}, provisioned {_said(each.provisioned)}")
    return "\n".join(lines)


def _said(value: int | Unknown) -> str:
    return f"unknown: {value.reason}" if isinstance(value, Unknown) else f"{value:,}"
