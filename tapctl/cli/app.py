"""The command line: each command loads, calls one workflow, renders and exits.

A command's module is imported when the command is used, so that `--help` answers at once.
"""

import typer

from tapctl.cli.command import LazyGroup
from tapctl.cli.context import before_command


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
        "evidence": "Measure what AWS really does, in an account of yours.",
        "sandbox": "Start, inspect, stop or empty the local AWS.",
    }


app = typer.Typer(
    help="Check before a CloudFormation deploy whether it fits the AWS account, make it fit, deploy it, verify it.",
    cls=_Commands,
    callback=before_command,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
