"""`tapctl policy`: the least-privilege IAM policy of a command for a template."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

from tapctl.cli.command import Only
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import UsageError
from tapctl.settings.options import AccountOptions, StackOptions, TemplateOptions, argument, option

if TYPE_CHECKING:
    from tapctl.report.policy import Command


class PolicyFormat(Enum):
    """How the policy is written."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Which command the policy is for, and how it is written."""

    panel: ClassVar = "Policy"

    command: str | None = argument("[preflight|deploy|verify]")
    path: str | None = argument("TEMPLATE")
    drift: bool = option("--drift", help="Allow `tapctl verify --drift` as well.", default=False)
    resources: bool = option(
        "--resources",
        help="Allow as well what CloudFormation does to the resources, where it has no service role.",
        default=False,
    )
    format: PolicyFormat = option("--format", "-f", help="Output format.", default=PolicyFormat.JSON)


def policy(
    which: PolicyOptions,
    template: Annotated[TemplateOptions, Only("template", "parameters", "parameters_file", "lookups")],
    account: Annotated[AccountOptions, Only("env", "region", "stack_name", "config")],
    stack: Annotated[StackOptions, Only("role_arn")],
    output: Annotated[OutputOptions, Only("output", "quiet", "verbose")],
) -> None:
    """Print the IAM policy with which a command, by default `preflight`, can judge, deploy or verify a template.

    It allows what tapctl calls. The resources themselves are created by `--role-arn`, or with the caller's permissions,
    which `--resources` adds.
    """
    from tapctl.report import policy as report
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    terminal = Terminal.of(output)
    command, path = _command(which)
    given = TemplateOptions(
        argument=path,
        template=template.template,
        parameters=template.parameters,
        parameters_file=template.parameters_file,
        lookups=template.lookups,
    )
    settings = read(account, template=given, stack=stack, missing_secrets_unknown=True)
    tree = stack_tree_for(load(settings.template), settings)
    statements = report.policy(command, tree, settings, drift=which.drift)
    if which.resources:
        more, unnamed = report.for_resources(tree, settings.region)
        statements += (more,) if more else ()
        if unnamed:
            terminal.message(f"note: the schemas do not say what these need: {', '.join(unnamed)}")
    elif command is report.Command.DEPLOY and not settings.role_arn:
        terminal.message(
            "note: without `--role-arn` CloudFormation creates the resources with the caller's own permissions;"
            " `--resources` adds them"
        )
    terminal.result(report.RENDERERS[which.format.value](statements, command), output.output)


def _command(which: PolicyOptions) -> tuple[Command, str | None]:
    """The command and the template of the arguments; a single one that is no command is a template."""
    from tapctl.report.policy import Command

    names = [command.value for command in Command]
    if which.command is None or which.command in names:
        return Command(which.command or "preflight"), which.path
    if which.path is not None:
        raise UsageError(f"`{which.command}` has no policy", f"use one of {', '.join(names)}")
    return Command.PREFLIGHT, which.command
