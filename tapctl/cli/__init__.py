"""The command line: each command loads, calls one workflow, renders and exits.

Nothing heavy is imported before a command runs, so that `--help` and `--version` answer at once.
"""

from typing import Annotated

import typer

from tapctl import __version__
from tapctl.cli import account, demand, deploy, destroy, fix, preflight, sandbox, verify, watch
from tapctl.cli.common import help_alone

app = typer.Typer(
    help="Know before a CloudFormation deploy whether it fits the AWS account; make it fit, deploy it, prove it.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("preflight")(preflight.preflight)
app.command("demand")(demand.demand)
app.command("account")(account.account)
app.command("fix")(fix.fix)
app.command("deploy")(deploy.deploy)
app.command("watch")(watch.watch)
app.command("destroy")(destroy.destroy)
app.command("verify")(verify.verify)
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
