"""`tapctl sandbox`: the local AWS that `--env local` deploys to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli.command import GroupedCommand, group
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.hints import worded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tapctl.sandbox import AccountLimits, SandboxStatus

app = group(
    "Start, inspect, stop or empty the local AWS.",
    "tapctl sandbox start --limit 50",
    'eval "$(tapctl sandbox env)"; aws lambda get-account-settings',
    "tapctl sandbox reset",
)

Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Concurrency limit of the account (default: 10)."),
]
Floor = Annotated[
    int | None,
    typer.Option("--floor", metavar="N", min=0, help="Unreserved minimum (default: 100, or the limit if lower)."),
]
Held = Annotated[
    int | None, typer.Option("--held", metavar="N", min=0, help="Concurrency reserved outside the sandbox.")
]
AccountLimit = Annotated[
    list[str] | None,
    typer.Option(
        "--account-limit",
        metavar="ACCOUNT[/REGION]=N",
        help="Concurrency limit of another account, or of one Region of it (repeatable).",
    ),
]
Port = Annotated[int | None, typer.Option("--port", metavar="N", min=1, max=65535, help="Port to listen on.")]


MOST_UNRESERVED = 100
"""The unreserved minimum of a new limit that is large enough."""


@app.command(
    cls=GroupedCommand,
    short_help="Start the sandbox, or set the limits of the running one.",
    epilog="tapctl sandbox start\n"
    "tapctl sandbox start --limit 1000 --held 850\n"
    "tapctl sandbox start --account-limit 111111111111=50 --account-limit 222222222222/eu-west-1=400",
)
def start(
    limit: Limit = None,
    floor: Floor = None,
    held: Held = None,
    account_limit: AccountLimit = None,
    port: Port = None,
) -> None:
    """Start the sandbox, or set the limits of the running one; limits are remembered.

    A new `--limit` resets `--floor` and `--held`, unless they are given with it. An account without a limit of its own
    has the limit of account 000000000000.
    """
    from tapctl import sandbox
    from tapctl.account import floor_cache

    before = sandbox.status().limits
    new_limit = limit is not None
    limits = sandbox.AccountLimits(
        concurrent_executions=limit if limit is not None else before.concurrent_executions,
        floor=floor if floor is not None or new_limit else before.floor,
        held=held if held is not None else 0 if new_limit else before.held,
    )
    _check_limits(limits)
    changed = (limit, floor, held) != (None, None, None)
    sandbox.start(limits if changed else None, port, _others(account_limit or ()))
    if changed:
        # A minimum learned from a refusal belongs to the old limits.
        floor_cache.forget(sandbox.account_id(), sandbox.REGION)
    typer.echo(_describe(sandbox.status()))
    if changed:
        for line in overcommitted(limits, _reserved()):
            typer.echo(line, err=True)


_OTHER = re.compile(r"(?P<cell>\d{12}(/[a-z]{2,3}(-[a-z]+)+-\d+)?)=(?P<limit>[1-9]\d*)", re.ASCII)


def _others(given: Iterable[str]) -> dict[str, AccountLimits]:
    """The limits by `ACCOUNT` or `ACCOUNT/REGION`. Raises `UsageError` for invalid text and for duplicates."""
    from tapctl.sandbox import AccountLimits

    found: dict[str, AccountLimits] = {}
    for text in given:
        match = _OTHER.fullmatch(text)
        if match is None:
            raise UsageError(
                f"`--account-limit {text}` is not ACCOUNT=N or ACCOUNT/REGION=N",
                advise(UsageAdvice.PASS_ACCOUNT_LIMIT),
            )
        if match["cell"] in found:
            raise UsageError(f"`--account-limit` is given twice for {match['cell']}", advise(UsageAdvice.LEAVE_ONE_OUT))
        found[match["cell"]] = AccountLimits(int(match["limit"]))
    return found


def _reserved() -> int:
    """The executions that functions of the sandbox's account reserve."""
    from tapctl import sandbox
    from tapctl.account.live import LiveAccount
    from tapctl.aws.session import Aws, Connection
    from tapctl.unknown import Unknown

    running = sandbox.start()
    aws = Aws(Connection(region=running.region, endpoint=running.endpoint, keys=running.keys))
    holders = LiveAccount(aws).holders()
    return 0 if isinstance(holders, Unknown) else sum(holders.functions.values())


def overcommitted(limits: AccountLimits, reserved: int) -> tuple[str, ...]:
    """A warning and its hint where functions reserve more than the limits allow, which no AWS account can have."""
    left = limits.concurrent_executions - limits.held - reserved
    if not reserved or left >= limits.minimum_unreserved:
        return ()
    enough = limits.held + reserved + MOST_UNRESERVED
    held = f" --held {limits.held}" if limits.held else ""
    rest = f"which leaves {max(0, left)} unreserved, below the minimum of {limits.minimum_unreserved}"
    return (
        f"warning: functions of the sandbox reserve {reserved} executions, {rest}; no more can be reserved",
        f"hint: {worded(advise(UsageAdvice.RAISE_OWN_LIMIT, f'{enough}{held}'))}",
    )


def _check_limits(limits: AccountLimits) -> None:
    """Raises `UsageError` for limits that no AWS account can have."""
    total = limits.concurrent_executions
    for option, part in (("--floor", limits.floor), ("--held", limits.held)):
        if part is not None and part > total:
            raise UsageError(
                f"`{option} {part}` exceeds the concurrency limit of {total}", advise(UsageAdvice.PASS_LARGER_LIMIT)
            )


@app.command(cls=GroupedCommand, epilog="tapctl sandbox stop")
def stop() -> None:
    """Stop the sandbox; its stacks are kept on disk."""
    from tapctl import sandbox

    typer.echo("sandbox stopped; its state is kept" if sandbox.stop() else "the sandbox is not running")


@app.command(cls=GroupedCommand, epilog="tapctl sandbox status")
def status() -> None:
    """Show whether the sandbox runs, its limits and what it serves."""
    from tapctl import sandbox

    typer.echo(_describe(sandbox.status()))


@app.command(cls=GroupedCommand, epilog="tapctl sandbox reset")
def reset() -> None:
    """Delete every stack and resource in the sandbox; keeps its limits."""
    from tapctl import sandbox
    from tapctl.state import journal

    sandbox.reset()
    journal.forget(sandbox.account_id())
    typer.echo("sandbox reset: it has no resources")


@app.command(cls=GroupedCommand, epilog='eval "$(tapctl sandbox env)"; aws cloudformation describe-stacks')
def env() -> None:
    """Print the environment variables for the AWS CLI and SDKs."""
    from tapctl import sandbox

    if sandbox.find() is None:
        typer.echo("starting the sandbox, a local AWS", err=True)
    for name, value in sandbox.environment(sandbox.start()).items():
        typer.echo(f"export {name}={value}")


def _describe(status: SandboxStatus) -> str:
    running = f"running at {status.sandbox.endpoint} (pid {status.sandbox.pid})" if status.sandbox else "not running"
    lines = [f"sandbox: {running}", f"account: {_limits(status.limits)}"]
    alike: dict[AccountLimits, list[str]] = {}
    for cell, limits in status.others.items():
        alike.setdefault(limits, []).append(cell)
    lines += [f"others:  {_limits(limits)}: {', '.join(cells)}" for limits, cells in alike.items()]
    lines.append(f"state:   {status.folder}")
    return "\n".join([*lines, *(f"serves:  {served.name} at {served.url}" for served in status.served)])


def _limits(limits: AccountLimits) -> str:
    held = f", {limits.held} reserved outside the sandbox" if limits.held else ""
    return f"{limits.concurrent_executions} concurrent executions{held}, unreserved minimum {limits.minimum_unreserved}"


sandbox = typer.main.get_command(app)
