"""`tapctl policy`: the least-privilege IAM policy of a command for a template, and the roles of a fleet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from tapctl.cli.command import Only
from tapctl.cli.options import FleetOptions, OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import UsageError
from tapctl.settings.options import AccountOptions, StackOptions, TemplateOptions, argument, option

if TYPE_CHECKING:
    from tapctl.report.policy import Command, Statement
    from tapctl.settings.targets import TargetAccount, Targets


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
    hub: bool = option(
        "--hub",
        help="With --targets: the policy of your own credentials, which assume the roles of the fleet.",
        default=False,
    )
    format: PolicyFormat = option("--format", "-f", help="Output format.", default=PolicyFormat.JSON)


def policy(
    which: PolicyOptions,
    template: Annotated[TemplateOptions, Only("template", "parameters", "parameters_file", "lookups")],
    account: Annotated[AccountOptions, Only("env", "region", "stack_name", "config")],
    fleet: FleetOptions,
    stack: Annotated[StackOptions, Only("role_arn")],
    output: Annotated[OutputOptions, Only("output", "quiet", "verbose")],
) -> None:
    """Print the IAM policy with which a command, by default `preflight`, can judge, deploy or verify a template.

    It allows what tapctl calls. The resources themselves are created by `--role-arn`, or with the caller's permissions,
    which `--resources` adds. With `--targets` it is the role that reads each account, in CloudFormation and Terraform
    with its trust.
    """
    terminal = Terminal.of(output)
    command, path = _command(which)
    given = TemplateOptions(
        argument=path,
        template=template.template,
        parameters=template.parameters,
        parameters_file=template.parameters_file,
        lookups=template.lookups,
    )
    if fleet.targets is not None:
        text, note = _of_fleet(which, command, given, account, fleet.targets)
        if note:
            terminal.message(note)
    elif which.hub:
        raise UsageError("`--hub` needs `--targets`", "pass both, or neither")
    else:
        text = _of_command(which, command, given, account, stack, terminal)
    terminal.result(text, output.output)


def _command(which: PolicyOptions) -> tuple[Command, str | None]:
    """The command and the template of the arguments; a single one that is no command is a template."""
    from tapctl.report.policy import Command

    names = [command.value for command in Command]
    if which.command is None or which.command in names:
        return Command(which.command or "preflight"), which.path
    if which.path is not None:
        raise UsageError(f"`{which.command}` has no policy", f"use one of {', '.join(names)}")
    return Command.PREFLIGHT, which.command


def _of_command(
    which: PolicyOptions,
    command: Command,
    template: TemplateOptions,
    account: AccountOptions,
    stack: StackOptions,
    terminal: Terminal,
) -> str:
    from tapctl.report import policy as report
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    settings = read(account, template=template, stack=stack, missing_secrets_unknown=True)
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
    return report.RENDERERS[which.format.value](statements, command)


# ---------------------------------------------------------------------------------------------------------------------
# A fleet: the role in each account, and the credentials that assume it
# ---------------------------------------------------------------------------------------------------------------------

HUB = "preflight --targets"
"""What the policy of the hub is for."""

MOST_ARNS = 20
"""Of roles in the policy of the hub, whose length IAM limits; beyond them it names these roles in any account."""


def _of_fleet(
    which: PolicyOptions, command: Command, template: TemplateOptions, account: AccountOptions, names: str
) -> tuple[str, str]:
    """The text, and a note on it.

    Raises `UsageError` for another command than `preflight`, and for a fleet whose accounts have no role.
    """
    from tapctl.report import policy as report
    from tapctl.settings.config_file import File, find, load
    from tapctl.settings.targets import choose

    if account.region:
        raise UsageError("`--region` and `--targets` exclude each other", "set `regions` of the fleet in tapctl.toml")
    if command is not report.Command.PREFLIGHT or which.resources or which.drift:
        raise UsageError("`--targets` has a policy for `preflight` alone", "leave out the other command or option")
    path = account.config or find()
    targets = choose(names, (load(path) if path else File.model_construct()).fleet, path)
    accounts, region = _with_role(targets), next((each for f in targets.fleets.values() for each in f.regions), None)
    if not accounts:
        raise UsageError(f"fleet {targets.name} has no role", "set `read_role` of the fleet in tapctl.toml")
    if which.hub:
        return report.RENDERERS[which.format.value](hub_statements(targets, accounts, region), HUB), ""
    role, others = accounts[0], dict.fromkeys(each.role_name for each in accounts[1:])
    more = ", ".join(name for name in others if name != role.role_name)
    also = f", and as well of {more}" if more else ""
    note = f"note: this is the policy of role {role.role_name} in each account{also}; `--hub` prints what assumes it"
    return ROLE_RENDERERS[which.format](_of_cells(replace(account, region=region), template), role), note


def _of_cells(account: AccountOptions, template: TemplateOptions) -> tuple[Statement, ...]:
    """What reads any cell for a verdict on the template."""
    from tapctl.report import policy as report
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    settings = read(account, template=template, missing_secrets_unknown=True)
    tree = stack_tree_for(load(settings.template), settings)
    return report.policy(report.Command.PREFLIGHT, tree, replace(settings, account=None, region=None))


def _with_role(targets: Targets) -> list[TargetAccount]:
    """The accounts that are read with a role; the account `*` stands for those of Organizations."""
    from tapctl.settings.targets import target_account

    found = list(targets.listed())
    for fleet in targets.fleets.values():
        if fleet.ous:
            found += [target_account(fleet, id_) for id_ in ("*", *fleet.account)]
    return [account for account in found if account.role]


def hub_statements(targets: Targets, accounts: Sequence[TargetAccount], region: str | None) -> tuple[Statement, ...]:
    """What the credentials need that judge the fleets."""
    from tapctl.aws.accounts import ASSUME_ROLE, LIST_ACCOUNTS, LIST_OUS
    from tapctl.aws.session import partition
    from tapctl.report.policy import Statement

    arns = dict.fromkeys(account.role_arn(partition(region or "").name) for account in accounts)
    anywhere = {arn: re.sub(r"::\d{12}:", "::*:", arn) for arn in arns}
    if len(arns) > MOST_ARNS:
        arns = dict.fromkeys(anywhere.values())
    named = tuple(arn for arn in arns if anywhere.get(arn, arn) == arn or anywhere[arn] not in arns)
    roles = Statement("Roles", (ASSUME_ROLE,), named)
    return (roles, *([Statement("Accounts", (LIST_ACCOUNTS, LIST_OUS), ("*",))] if targets.asks_organizations else []))


def _role_as_cloudformation(statements: Sequence[Statement], role: TargetAccount) -> str:
    """A template with the role, for a stack set: it trusts the account of a parameter."""
    from tapctl.report.policy import document

    trust: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${TrustedAccount}:root"}},
        "Action": "sts:AssumeRole",
    }
    if role.external_id:
        trust["Condition"] = {"StringEquals": {"sts:ExternalId": role.external_id}}
    properties = {
        "RoleName": role.role_name,
        "Path": _path(role),
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "tapctl-preflight", "PolicyDocument": document(statements)}],
    }
    description = "The account whose credentials judge the fleet"
    body = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The role that `tapctl {HUB}` reads an account with; create it in one Region of each account",
        "Parameters": {"TrustedAccount": {"Type": "String", "AllowedPattern": r"\d{12}", "Description": description}},
        "Resources": {"ReadRole": {"Type": "AWS::IAM::Role", "Properties": properties}},
    }
    return json.dumps(body, indent=2) + "\n"


def _path(role: TargetAccount) -> str:
    """`/a/` of an ARN that ends with `role/a/name`; `/` of a name."""
    inner = role.role.partition(":role/")[2].rpartition("/")[0]
    return f"/{inner}/" if inner else "/"


def _role_as_terraform(statements: Sequence[Statement], role: TargetAccount) -> str:
    from tapctl.report.policy import terraform_document, terraform_name

    name = terraform_name(HUB)
    return _ROLE_IN_TERRAFORM.format(
        name=name,
        document="\n".join(terraform_document(statements, name)),
        condition=_CONDITION.format(json.dumps(role.external_id)) if role.external_id else "",
        role=json.dumps(role.role_name),
        path=json.dumps(_path(role)),
    )


_CONDITION = """\
    condition {{
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [{}]
    }}
"""

_ROLE_IN_TERRAFORM = """\
variable "trusted_account" {{
  type        = string
  description = "The account whose credentials judge the fleet"
}}

{document}

data "aws_iam_policy_document" "{name}_trust" {{
  statement {{
    actions = ["sts:AssumeRole"]
    principals {{
      type        = "AWS"
      identifiers = [var.trusted_account]
    }}
{condition}\
  }}
}}

resource "aws_iam_role" "{name}" {{
  name               = {role}
  path               = {path}
  assume_role_policy = data.aws_iam_policy_document.{name}_trust.json
}}

resource "aws_iam_role_policy" "{name}" {{
  name   = "tapctl-preflight"
  role   = aws_iam_role.{name}.id
  policy = data.aws_iam_policy_document.{name}.json
}}
"""


def _role_as_json(statements: Sequence[Statement], role: TargetAccount) -> str:
    from tapctl.report.policy import as_json

    return as_json(statements, role.role_name)


ROLE_RENDERERS: Mapping[PolicyFormat, Callable[[Sequence[Statement], TargetAccount], str]] = {
    PolicyFormat.JSON: _role_as_json,
    PolicyFormat.CLOUDFORMATION: _role_as_cloudformation,
    PolicyFormat.TERRAFORM: _role_as_terraform,
}
