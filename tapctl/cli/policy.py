"""`tapctl policy`: the least-privilege IAM policy of a command for a template, and the roles of a fleet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

from tapctl.cli.command import Only
from tapctl.cli.options import FleetOptions, OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import AccountOptions, StackOptions, TemplateOptions, argument, option

if TYPE_CHECKING:
    from tapctl.report.policy import Command, Statement
    from tapctl.settings.settings import Settings
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
        help="Allow what CloudFormation does to the resources with your own permissions, without a service role.",
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
    with its trust; with `--hub` the policy of the credentials that judge the fleet or, with `deploy`, roll it out.
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
        raise UsageError("`--hub` needs `--targets`", advise(UsageAdvice.PASS_BOTH_OR_NEITHER))
    else:
        text = _of_command(which, command, given, account, stack, terminal)
    terminal.result(text, output.output)


def _command(which: PolicyOptions) -> tuple[Command, str | None]:
    """The command and the template of the arguments; a single one that is no command is a template."""
    from tapctl.report.policy import Command

    names = [command.value for command in (Command.PREFLIGHT, Command.DEPLOY, Command.VERIFY)]
    if which.command is None or which.command in names:
        return Command(which.command or "preflight"), which.path
    if which.path is not None:
        raise UsageError(f"`{which.command}` has no policy", advise(UsageAdvice.USE_ONE_OF, ", ".join(names)))
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
            terminal.message(f"note: the schemas of these resource types list no permissions: {', '.join(unnamed)}")
    elif command is report.Command.DEPLOY and not settings.role_arn:
        terminal.message(
            "note: without `--role-arn` CloudFormation creates the resources with the caller's own permissions;"
            " `--resources` adds them"
        )
    return report.RENDERERS[which.format.value](statements, command)


# ---------------------------------------------------------------------------------------------------------------------
# A fleet: the role in each account, and the credentials that assume it
# ---------------------------------------------------------------------------------------------------------------------

ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
"""Which a self-managed stack set takes by default.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
"""

MOST_ARNS = 20
"""Of roles in the policy of the hub, whose length IAM limits; beyond them it names these roles in any account."""


def _of_fleet(
    which: PolicyOptions, command: Command, template: TemplateOptions, account: AccountOptions, names: str
) -> tuple[str, str]:
    """The text, and a note on it.

    Raises `UsageError` for a command that has none, for a fleet whose accounts have no role, and for a rollout of
    several fleets or of one without a stack set.
    """
    from tapctl.report import policy as report
    from tapctl.report.role import ROLE_RENDERERS
    from tapctl.settings.config_file import File, find, load
    from tapctl.settings.targets import choose

    if account.region:
        raise UsageError("`--region` and `--targets` exclude each other", advise(DeployAdvice.SET_REGIONS))
    if command is report.Command.VERIFY or which.resources or which.drift:
        message = "with `--targets`, only `preflight` and `deploy` have a policy"
        raise UsageError(message, advise(UsageAdvice.LEAVE_OTHER_COMMAND_OUT))
    deploys = command is report.Command.DEPLOY
    path = account.config or find()
    targets = choose(names, (load(path) if path else File.model_construct()).fleet, path)
    accounts, region = (
        _with_role(targets),
        next((name for fleet in targets.fleets.values() for name in fleet.regions), None),
    )
    if not accounts:
        raise UsageError(f"fleet {targets.name} has no role", advise(DeployAdvice.SET_READ_ROLE))
    account = replace(account, region=region)
    if which.hub:
        more = _of_rollout(account, template, targets) if deploys else _looks(targets, account.env, region)
        statements = (*hub_statements(targets, accounts, region), *more)
        name = report.Command.FLEET if deploys else f"{report.Command.PREFLIGHT} --targets"
        return report.RENDERERS[which.format.value](statements, name), ""
    role, others = accounts[0], dict.fromkeys(other.role_name for other in accounts[1:])
    more_roles = ", ".join(name for name in others if name != role.role_name)
    also = f", and as well of {more_roles}" if more_roles else ""
    note = f"note: this is the policy of role {role.role_name} in each account{also}; `--hub` prints what assumes it"
    settings = _settings(account, template)
    settings = replace(settings, stack_name=_stacks(targets, settings))
    reads = _of_template(report.Command.CELL if deploys else command, settings)
    return ROLE_RENDERERS[which.format.value](reads, role), note


def _settings(account: AccountOptions, template: TemplateOptions) -> Settings:
    from tapctl.settings.settings import read

    return read(account, template=template, missing_secrets_unknown=True)


def _stacks(targets: Targets, settings: Settings) -> str | None:
    """The name of the stacks in the accounts, with `*`; None where the fleets have several."""
    sets = {fleet.stack_set for fleet in targets.fleets.values()}
    if sets == {None}:
        return settings.stack_name
    name, *others = sets
    return None if others or not name else f"StackSet-{name.replace('{env}', settings.env or '*')}-*"


def _of_template(command: Command, settings: Settings) -> tuple[Statement, ...]:
    """The actions of a command on the template in any account and Region."""
    from tapctl.report import policy as report
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    tree = stack_tree_for(load(settings.template), settings)
    bucket = settings.artifact_bucket and settings.artifact_bucket.replace("{region}", "*")
    return report.policy(command, tree, replace(settings, account=None, region=None, artifact_bucket=bucket))


def _looks(targets: Targets, env: str | None, region: str | None) -> tuple[Statement, ...]:
    """The reads of the stack sets for a verdict and a plan, since their stacks are credited with what they hold."""
    from tapctl.aws.accounts import DESCRIBE_ORGANIZATION
    from tapctl.aws.session import partition
    from tapctl.report.policy import Statement

    fleets = [fleet for fleet in targets.fleets.values() if fleet.stack_set]
    names = dict.fromkeys((fleet.stack_set or "").replace("{env}", env or "*") for fleet in fleets)
    arn = f"arn:{partition(region or '').name}:cloudformation:*:*:stackset"
    reads = ("DescribeStackInstance", "DescribeStackSet", "ListStackInstances")
    actions = tuple(f"cloudformation:{name}" for name in reads)
    sets = [Statement("StackSet", actions, tuple(f"{arn}/{name}:*" for name in names))] if names else []
    managed = any(fleet.permission == "service" for fleet in fleets)
    return (*sets, *([Statement("Organization", (DESCRIBE_ORGANIZATION,), ("*",))] if managed else []))


def _of_rollout(account: AccountOptions, template: TemplateOptions, targets: Targets) -> tuple[Statement, ...]:
    """The actions of a rollout in the account with the stack set."""
    from tapctl.aws.session import partition
    from tapctl.report.policy import Command

    fleet, *others = targets.fleets.values()
    if others:
        raise UsageError("a rollout deploys one fleet", advise(UsageAdvice.RUN_FOR_EACH))
    if not fleet.stack_set:
        hint = advise(DeployAdvice.SET_STACK_SET, targets.name)
        raise UsageError(f"fleet {targets.name} has no stack set", hint)
    default = f"arn:{partition(account.region or '').name}:iam::*:role/{ADMINISTRATION_ROLE}"
    role = (fleet.administration_role or default) if fleet.permission == "self" else None
    settings = _settings(account, template)
    name = fleet.stack_set.replace("{env}", settings.env or "*")
    return _of_template(Command.FLEET, replace(settings, stack_name=name, role_arn=role))


def _with_role(targets: Targets) -> list[TargetAccount]:
    """The accounts that are read with a role; the account `*` stands for those of Organizations."""
    from tapctl.settings.targets import target_account

    found = list(targets.listed())
    for fleet in targets.fleets.values():
        if fleet.ous:
            found += [target_account(fleet, id_) for id_ in ("*", *fleet.account)]
    return [account for account in found if account.role]


def hub_statements(targets: Targets, accounts: Sequence[TargetAccount], region: str | None) -> tuple[Statement, ...]:
    """The statements for the credentials that judge the fleets."""
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
