"""`tapctl sandbox`: the local AWS that `--env local` deploys to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli.context import help_alone
from tapctl.errors import UsageError

if TYPE_CHECKING:
    from tapctl.sandbox import AccountLimits, SandboxStatus

app = typer.Typer(
    help="Start, look at, stop or empty the local AWS.",
    rich_markup_mode=None,
    callback=help_alone,
    invoke_without_command=True,
)

Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="The account's limit of concurrent executions (10 at first)."),
]
Floor = Annotated[
    int | None,
    typer.Option("--floor", metavar="N", min=0, help="What must stay unreserved (the lesser of 100 and the limit)."),
]
Held = Annotated[int | None, typer.Option("--held", metavar="N", min=0, help="What others have reserved already.")]
Port = Annotated[int | None, typer.Option("--port", metavar="N", min=1, max=65535, help="A port of your choice.")]


@app.command(short_help="Start it, or find the running one; set its limits.")
def start(limit: Limit = None, floor: Floor = None, held: Held = None, port: Port = None) -> None:
    """Start it, or find the running one; limits given here apply to either, and are remembered.

    A new `--limit` forgets an earlier `--floor` and `--held`, unless they are given with it.
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
    _refuse_more_than_all(limits)
    changed = (limit, floor, held) != (None, None, None)
    sandbox.start(limits if changed else None, port)
    if changed:
        # Another account than the one that a refusal taught anything of.
        floor_cache.forget(sandbox.ACCOUNT_ID, sandbox.REGION)
    typer.echo(_described(sandbox.status()))


def _refuse_more_than_all(limits: AccountLimits) -> None:
    """Raises `UsageError` for an account that AWS could not have."""
    whole = limits.concurrent_executions
    for option, part in (("--floor", limits.floor), ("--held", limits.held)):
        if part is not None and part > whole:
            raise UsageError(
                f"{option} {part} is more than the account's limit of {whole}", "give a larger `--limit` with it"
            )


@app.command()
def stop() -> None:
    """Stop it; its stacks stay on disk for the next start."""
    from tapctl import sandbox

    typer.echo("the sandbox was stopped; its state is kept" if sandbox.stop() else "no sandbox was running")


@app.command()
def status() -> None:
    """Say whether it runs, where, and with which limits."""
    from tapctl import sandbox

    typer.echo(_described(sandbox.status()))


@app.command()
def reset() -> None:
    """Delete every stack and resource in it; its limits stay."""
    from tapctl import sandbox
    from tapctl.state import journal

    sandbox.reset()
    journal.forget(sandbox.ACCOUNT_ID)
    typer.echo("the sandbox is empty")


@app.command(short_help="Print the variables that point `aws` and any SDK at it.")
def env() -> None:
    """Print the variables that point `aws` and any SDK at it: eval "$(tapctl sandbox env)"."""
    from tapctl import sandbox

    if sandbox.find() is None:
        typer.echo("starting the sandbox, a local AWS", err=True)
    for name, value in sandbox.environment(sandbox.start()).items():
        typer.echo(f"export {name}={value}")


def _described(status: SandboxStatus) -> str:
    limits = status.limits
    running = f"running at {status.sandbox.endpoint} (pid {status.sandbox.pid})" if status.sandbox else "not running"
    held = f", {limits.held} held by others" if limits.held else ""
    return (
        f"sandbox: {running}\n"
        f"account: {limits.concurrent_executions} concurrent executions{held},"
        f" {limits.minimum_unreserved} must stay unreserved\n"
        f"state:   {status.folder}"
    )
