"""The command line: each command loads, calls one workflow, renders and exits.

A command's module is imported when the command is used, so that `--help` answers at once.
"""

import typer

from tapctl.cli.command import LazyGroup
from tapctl.cli.context import before_command


class _Commands(LazyGroup):
    package = "tapctl.cli"
    summaries = {  # noqa: RUF012 - never changed
        "init": "Propose a tapctl.toml for this folder.",
        "preflight": "Check whether the template fits the account.",
        "demand": "Show the concurrency that the template asks for; needs no AWS.",
        "limits": "List the limits, or what the template adds to each; needs no AWS.",
        "policy": "Print the least-privilege IAM policy of a command; needs no AWS.",
        "account": "Show the account's limits and headroom, or save them.",
        "fix": "Show the remedy as a diff of the source file, or apply it.",
        "deploy": "Deploy the stack if it fits, and verify the result.",
        "watch": "Follow the running operation of a stack.",
        "destroy": "Delete the stack, after showing which resources are deleted.",
        "verify": "Check the deployed stack, and the expectations in `[verify]`.",
        "fleet": "Roll the template out to many accounts, through StackSets.",
        "evidence": "Measure in your own account what AWS really does.",
        "explain": "Say what a rule, a verdict, an exit code or a word means.",
        "config": "Show the settings in force and where they come from.",
        "sandbox": "Start, inspect, stop or empty the local AWS.",
        "hook": "Write the stack of a CloudFormation Hook that judges each deploy.",
        "mcp": "Answer an agent's questions over the Model Context Protocol.",
    }
    examples = {  # noqa: RUF012 - never changed
        "init": ("tapctl init", "tapctl init --yes --ci"),
        "preflight": (
            "tapctl preflight --env prod",
            "tapctl preflight template.yaml --snapshot account.json --format sarif --output tapctl.sarif",
            "cdk synth | tapctl preflight - --stack-name shop --region eu-west-1",
        ),
        "demand": ("tapctl demand template.yaml", "tapctl demand --env prod --format json"),
        "limits": ("tapctl limits lambda", "tapctl limits --template template.yaml"),
        "policy": (
            "tapctl policy preflight template.yaml",
            "tapctl policy deploy template.yaml --format terraform",
            "tapctl policy --targets prod --format cloudformation --output role.json",
        ),
        "account": ("tapctl account --env prod --output account.json", "tapctl account --holders"),
        "fix": ("tapctl fix --env prod", "tapctl fix template.yaml --snapshot account.json --write"),
        "deploy": (
            "tapctl deploy --env local",
            "tapctl deploy --env prod --plan",
            "tapctl deploy --env prod --yes --remedy adjust",
        ),
        "watch": ("tapctl watch --env prod",),
        "destroy": ("tapctl destroy --env local",),
        "verify": ("tapctl verify --env prod", "tapctl verify --env prod --drift --format junit --output verify.xml"),
        "mcp": ("tapctl mcp",),
        "explain": ("tapctl explain uncertain", "tapctl explain 3", "tapctl explain cell", "tapctl explain vpc-vpcs"),
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
