"""`tapctl sandbox`: the local AWS that `--env local` deploys to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli.command import Command, group
from tapctl.errors import UsageError

if TYPE_CHECKING:
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
Port = Annotated[int | None, typer.Option("--port", metavar="N", min=1, max=65535, help="Port to listen on.")]


MOST_UNRESERVED = 100
"""The unreserved minimum of a new limit that is large enough."""


@app.command(
    cls=Command,
    short_help="Start the sandbox, or set the limits of the running one.",
    epilog="tapctl sandbox start\ntapctl sandbox start --limit 1000 --held 850",
)
def start(limit: Limit = None, floor: Floor = None, held: Held = None, port: Port = None) -> None:
    """Start the sandbox, or set the limits of the running one; limits are remembered.

    A new `--limit` resets `--floor` and `--held`, unless they are given with it.
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
    sandbox.start(limits if changed else None, port)
    if changed:
        # A minimum learned from a refusal belongs to the old limits.
        floor_cache.forget(sandbox.account_id(), sandbox.REGION)
    typer.echo(_describe(sandbox.status()))
    if changed:
        for line in overcommitted(limits, _reserved()):
            typer.echo(line, err=True)


def _reserved() -> int:
    """What the functions of the sandbox's account reserve."""
    from tapctl import sandbox
    from tapctl.account.live import LiveAccount
    from tapctl.aws.session import Aws, Target
    from tapctl.unknown import Unknown

    running = sandbox.start()
    aws = Aws(Target(region=running.region, endpoint=running.endpoint, keys=running.keys))
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
        f"hint: `tapctl sandbox start --limit {enough}{held}` has room for them; `tapctl sandbox reset` deletes them",
    )


def _check_limits(limits: AccountLimits) -> None:
    """Raises `UsageError` for limits that no AWS account can have."""
    total = limits.concurrent_executions
    for option, part in (("--floor", limits.floor), ("--held", limits.held)):
        if part is not None and part > total:
            raise UsageError(f"`{option} {part}` exceeds the concurrency limit of {total}", "pass a larger `--limit`")


@app.command(cls=Command, epilog="tapctl sandbox stop")
def stop() -> None:
    """Stop the sandbox; its stacks are kept on disk."""
    from tapctl import sandbox

    typer.echo("sandbox stopped; its state is kept" if sandbox.stop() else "the sandbox is not running")


@app.command(cls=Command, epilog="tapctl sandbox status")
def status() -> None:
    """Show whether the sandbox runs, its limits and what it serves."""
    from tapctl import sandbox

    typer.echo(_describe(sandbox.status()))


@app.command(cls=Command, epilog="tapctl sandbox reset")
def reset() -> None:
    """Delete every stack and resource in the sandbox; keeps its limits."""
    from tapctl import sandbox
    from tapctl.state import journal

    sandbox.reset()
    journal.forget(sandbox.account_id())
    typer.echo("sandbox reset: it has no resources")


@app.command(cls=Command, epilog='eval "$(tapctl sandbox env)"; aws cloudformation describe-stacks')
def env() -> None:
    """Print the environment variables for the AWS CLI and SDKs."""
    from tapctl import sandbox

    if sandbox.find() is None:
        typer.echo("starting the sandbox, a local AWS", err=True)
    for name, value in sandbox.environment(sandbox.start()).items():
        typer.echo(f"export {name}={value}")


def _describe(status: SandboxStatus) -> str:
    limits = status.limits
    running = f"running at {status.sandbox.endpoint} (pid {status.sandbox.pid})" if status.sandbox else "not running"
    held = f", {limits.held} reserved outside the sandbox" if limits.held else ""
    return (
        f"sandbox: {running}\n"
        f"account: {limits.concurrent_executions} concurrent executions{held},"
        f" unreserved minimum {limits.minimum_unreserved}\n"
        f"state:   {status.folder}" + "".join(f"\nserves:  {each.name} at {each.url}" for each in status.served)
    )


sandbox = typer.main.get_command(app)
