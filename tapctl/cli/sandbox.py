"""`tapctl sandbox`: the local AWS that `--env local` deploys to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli.context import help_alone
from tapctl.errors import UsageError

if TYPE_CHECKING:
    from tapctl.sandbox import AccountLimits, SandboxStatus

app = typer.Typer(
    help="Start, stop, reset or show the local AWS.",
    rich_markup_mode=None,
    callback=help_alone,
    invoke_without_command=True,
)

Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="The account's concurrency limit (10 at first)."),
]
Floor = Annotated[
    int | None,
    typer.Option("--floor", metavar="N", min=0, help="The unreserved minimum (by default 100, at most the limit)."),
]
Held = Annotated[
    int | None, typer.Option("--held", metavar="N", min=0, help="What functions outside the sandbox have reserved.")
]
Port = Annotated[
    int | None,
    typer.Option("--port", metavar="N", min=1, max=65535, help="The port to listen on (by default a free one)."),
]


@app.command(short_help="Start the sandbox, and set its limits.")
def start(limit: Limit = None, floor: Floor = None, held: Held = None, port: Port = None) -> None:
    """Start the sandbox unless it runs, and set its limits, which the next start keeps.

    A new `--limit` resets `--floor` and `--held` unless they are given with it.
    """
    from tapctl import sandbox
    from tapctl.account import floor_cache

    before = sandbox.status().limits
    fresh = limit is not None
    limits = sandbox.AccountLimits(
        concurrent_executions=limit if limit is not None else before.concurrent_executions,
        floor=floor if floor is not None or fresh else before.floor,
        held=held if held is not None else 0 if fresh else before.held,
    )
    _require_consistent(limits)
    changed = (limit, floor, held) != (None, None, None)
    sandbox.start(limits if changed else None, port)
    if changed:
        # A minimum learned from a refusal belongs to the old limits.
        floor_cache.forget(sandbox.account_id(), sandbox.REGION)
    typer.echo(_describe(sandbox.status()))


def _require_consistent(limits: AccountLimits) -> None:
    """Raise `UsageError` if a part exceeds the concurrency limit."""
    limit = limits.concurrent_executions
    for option, part in (("--floor", limits.floor), ("--held", limits.held)):
        if part is not None and part > limit:
            raise UsageError(
                f"{option} {part} exceeds the concurrency limit of {limit}", "give a larger `--limit` with it"
            )


@app.command()
def stop() -> None:
    """Stop the sandbox; its stacks are kept for the next start."""
    from tapctl import sandbox

    typer.echo("sandbox stopped; its state is kept" if sandbox.stop() else "no sandbox is running")


@app.command()
def status() -> None:
    """Show whether the sandbox runs, its address and its limits."""
    from tapctl import sandbox

    typer.echo(_describe(sandbox.status()))


@app.command()
def reset() -> None:
    """Delete every stack and resource of the sandbox; its limits stay."""
    from tapctl import sandbox
    from tapctl.state import journal

    sandbox.reset()
    journal.forget(sandbox.account_id())
    typer.echo("sandbox reset: it has no resources")


@app.command(short_help="Print the environment variables for `aws` and any SDK.")
def env() -> None:
    """Print the environment variables that point `aws` and any SDK at the sandbox: eval "$(tapctl sandbox env)"."""
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
        f"state:   {status.folder}"
    )
