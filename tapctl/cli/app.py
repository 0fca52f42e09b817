"""The command line: each command loads, calls one workflow, renders and exits.

A command's module is imported when the command is used, so that `--help` answers at once.
"""

from typing import Annotated

import typer

from tapctl import __version__
from tapctl.cli.command import LazyGroup
from tapctl.cli.context import help_alone
from tapctl.cli.terminal import Terminal


class _Commands(LazyGroup):
    package = "tapctl.cli"
    summaries = {  # noqa: RUF012 - never changed
        "preflight": "Check whether the template fits the account.",
        "demand": "Show the concurrency that the template asks for; needs no AWS.",
        "limits": "List the limits, or what the template adds to each; needs no AWS.",
        "account": "Show the account's limits and headroom, or save them.",
        "fix": "Show the remedy as a diff of the source file, or apply it.",
        "deploy": "Deploy the stack if it fits, and verify the result.",
        "watch": "Follow the running operation of a stack.",
        "destroy": "Delete the stack, after showing which resources are deleted.",
        "verify": "Check the deployed stack, and the expectations in `[verify]`.",
        "sandbox": "Start, inspect, stop or empty the local AWS.",
    }


app = typer.Typer(
    help="Check before a CloudFormation deploy whether it fits the AWS account, make it fit, deploy it, verify it.",
    cls=_Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(given: bool) -> None:
    if given:
        Terminal().result(f"tapctl {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""
    help_alone(context)
