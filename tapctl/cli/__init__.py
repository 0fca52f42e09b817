"""The command line: each command loads, calls one workflow, renders and exits.

Nothing heavy is imported before a command runs, so that `--help` and `--version` answer at once.
"""

from typing import Annotated

import typer

from tapctl import __version__
from tapctl.cli import account, demand, deploy, destroy, fix, preflight, sandbox, verify, watch
from tapctl.cli.context import help_alone

app = typer.Typer(
    help="Know before a CloudFormation deploy whether it fits the AWS account; make it fit, deploy it, prove it.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("preflight", short_help="Say whether the template fits the account; changes nothing.")(preflight.preflight)
app.command("demand", short_help="Show the concurrency that the template asks for; needs no AWS.")(demand.demand)
app.command("account", short_help="Show the account's limits and headroom, or save them.")(account.account)
app.command("fix", short_help="Show the remedy as a diff of the source file, or apply it.")(fix.fix)
app.command("deploy", short_help="Deploy the stack once it fits, and verify what came out.")(deploy.deploy)
app.command("watch", short_help="Follow the operation that is under way on a stack.")(watch.watch)
app.command("destroy", short_help="Delete the stack, after showing what goes with it.")(destroy.destroy)
app.command("verify", short_help="Check what is deployed, and what `[verify]` expects.")(verify.verify)
app.add_typer(sandbox.app, name="sandbox")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tapctl {__version__}")
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
