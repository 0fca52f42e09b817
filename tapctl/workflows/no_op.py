"""Whether a stack is already what a deploy would make of it: two to four reads tell, where a change set takes seconds.

What is not certain is left to CloudFormation: macros, nested stacks, values that live outside of the template and
of its parameters, and NoEcho parameters that this machine did not give before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tapctl.account.live import LiveAccount
from tapctl.account.model import (
    UNREAD,
    Account,
    AccountSettings,
    Concurrency,
    Identity,
    Increase,
    InFlight,
    LiveFunction,
    PastFailure,
    Quota,
    Stack,
)
from tapctl.account.reader import AccountReader
from tapctl.aws.cloudformation import get_template
from tapctl.aws.errors import read_or_unknown
from tapctl.concurrency.parameter_override import edited, overrides
from tapctl.concurrency.remedy import RemedyPlan, apply
from tapctl.concurrency.result import Preflight
from tapctl.errors import TapctlError
from tapctl.limits.row import Limit
from tapctl.resource_types import RESERVED_CONCURRENCY, OperationEnd, stack_status
from tapctl.settings.settings import Settings
from tapctl.stacks.capabilities import EXPAND, capabilities
from tapctl.stacks.redaction import given_secrets
from tapctl.state import noecho_hash
from tapctl.template.load import from_stack
from tapctl.template.model import LANGUAGE_EXTENSIONS, SERVERLESS, Template
from tapctl.template.parameters import STORED
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import judge
from tapctl.workflows.read_inputs import resolve_lookups, stack_tree_for

if TYPE_CHECKING:
    from tapctl.aws.stacks import StackDescription
    from tapctl.settings.settings import Settings
    from tapctl.workflows.deployer import Deployer

_PURE = {SERVERLESS, LANGUAGE_EXTENSIONS}
"""Transforms that make the same of the same template."""


@dataclass(frozen=True, slots=True)
class NoOp:
    """There is nothing to deploy; `preflight` is the verdict on concurrency where a remedy had to be worked out."""

    preflight: Preflight | None = None


def find_no_op(template: Template, deployer: Deployer, live: StackDescription) -> NoOp | None:
    """Whether template, parameters and tags are those of the stack; None where they are not, or may not be."""
    settings = deployer.settings
    if not (_takes_no_notice(deployer, live) and _is_certain(template) and _knows(template, settings.parameters, live)):
        return None
    running = _running(deployer, live)
    if running is None or _without_reservations(running.body).keys() != _without_reservations(template.body).keys():
        return None
    stack = Stack(deployer.name, live.status, parameters=live.parameters, id=live.id)
    body = deployer.packaged(template, stack_tree_for(template, settings, _account(settings, live, stack)), live)
    if body == running.body and _keeps(template, settings.parameters, live):
        return NoOp()
    if _without_reservations(body) != _without_reservations(running.body):
        return None
    return _mended_alike(
        template, deployer, live, body, DeployedAccount(LiveAccount(deployer.aws), stack, running, settings)
    )


def _account(settings: Settings, live: StackDescription, stack: Stack) -> Account:
    """The account as far as the stack tells of it."""
    unread = AccountSettings(Concurrency(UNREAD, UNREAD))
    return Account(settings.region, unread, live.account_id, stack=stack)


def _takes_no_notice(deployer: Deployer, live: StackDescription) -> bool:
    """Whether nothing beside the template and its parameters asks for a change set."""
    settings, options = deployer.settings, deployer.options
    return (
        stack_status(live.status).end is OperationEnd.SUCCESS
        and not (options.import_existing or options.revert_drift or options.express)
        and (not settings.tags or dict(settings.tags) == dict(live.tags))
        and (not settings.notification_arns or set(settings.notification_arns) == set(live.notification_arns))
        and (not settings.role_arn or settings.role_arn == live.role_arn)
    )


def _is_certain(template: Template) -> bool:
    """Whether the same text under the same parameters means the same stack."""
    stored = any(str(entry.get("Type")).startswith(STORED) for entry in template.parameters.values())
    pure = set(template.transforms) <= _PURE
    # With the pure transforms out of the way, the capability tells of macros within, of modules and of nested stacks.
    bare = Template(template.source, {name: each for name, each in template.body.items() if name != "Transform"})
    return pure and not stored and EXPAND not in capabilities(bare) and "{{resolve:ssm:" not in template.source.text


def _knows(template: Template, given: Mapping[str, str], live: StackDescription) -> bool:
    """Whether every parameter has a value in the stack, which is known of those that AWS does not show, too."""
    secret = given_secrets(template, given)
    declared = set(given) <= set(template.parameters) <= set(live.parameters)
    return declared and (not secret or noecho_hash.same(live.id, live.last_updated, secret))


def _running(deployer: Deployer, live: StackDescription) -> Template | None:
    body = read_or_unknown("cloudformation:GetTemplate", lambda: get_template(deployer.aws, live.id, processed=False))
    try:
        return None if isinstance(body, Unknown) else from_stack(body, deployer.name)
    except TapctlError:
        return None


def _keeps(template: Template, given: Mapping[str, str], live: StackDescription) -> bool:
    """Whether every given parameter is what the stack has; what is not given it keeps."""
    shown = given.keys() - given_secrets(template, given).keys()
    return all(live.parameters[name] == given[name] for name in shown)


def _without_reservations(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what a remedy may have edited."""
    resources = {
        name: {
            **each,
            "Properties": {key: value for key, value in each["Properties"].items() if key != RESERVED_CONCURRENCY},
        }
        if isinstance(each.get("Properties"), dict)
        else each
        for name, each in body["Resources"].items()
    }
    return {**body, "Resources": resources}


def _mended_alike(
    template: Template, deployer: Deployer, live: StackDescription, body: Mapping[str, Any], reader: DeployedAccount
) -> NoOp | None:
    """Whether the remedy that the account needs today is the one that the stack runs with."""
    settings, running = deployer.settings, reader.template.body
    result = judge(template, reader, settings, frozenset())
    if not result.plan.changes or (isinstance(result.staging, RemedyPlan) and result.staging.changes):
        return None
    by_parameter = overrides(result)
    given = {**settings.parameters, **{each.parameter: each.value for each in by_parameter.values()}}
    mended = apply(body, edited(result.plan, by_parameter))
    return NoOp(result) if mended == running and _keeps(template, given, live) else None


@dataclass(frozen=True, slots=True)
class DeployedAccount:
    """Answers for the stack from the template that it runs, and asks AWS for the account's concurrency alone."""

    reader: AccountReader
    held: Stack
    template: Template
    given: Settings

    def settings(self) -> AccountSettings:
        return self.reader.settings()

    def identity(self) -> Identity | Unknown:
        return self.reader.identity()

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        return self.reader.look_up(keys)

    def stack(self, name: str) -> Stack:
        """The stack with what its own template reserves; old versions are left out, since nothing is changed."""
        account = Account(self.given.region, self.reader.settings(), stack=self.held)
        _, demand, _ = resolve_lookups(self.template, self.reader, replace(self.given, parameters={}), account)
        functions = {
            each.logical_id: LiveFunction(each.logical_id, each.reserved, each.provisioned_total, {})
            for each in demand.functions
        }
        return replace(self.held, name=name, functions=functions)

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:  # noqa: ARG002 - the port's
        return stack

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:  # noqa: ARG002 - the port's
        return self.template.body

    def in_flight(self) -> tuple[InFlight, ...]:
        return ()

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...]:  # noqa: ARG002 - the port's
        return ()

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        return {limit.key: Quota(UNREAD, UNREAD) for limit in limits}

    def exports(self) -> Unknown:
        return UNREAD

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...]:  # noqa: ARG002 - the port's
        return ()
