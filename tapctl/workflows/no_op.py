"""Detects by two or three reads, instead of a change set, that a deploy would change nothing.

What is not certain is left to CloudFormation: macros, nested stacks, values that live outside of the template and its
parameters, and NoEcho parameters that this machine did not pass before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tapctl.account.live import LiveAccount
from tapctl.account.model import UNREAD, Account, AccountSettings, Concurrency, LiveFunction, Stack
from tapctl.aws.cloudformation import get_template
from tapctl.aws.errors import read_or_unknown
from tapctl.concurrency.change import diff
from tapctl.concurrency.remedy import apply
from tapctl.concurrency.replacement import UpdateEffects
from tapctl.concurrency.result import Preflight
from tapctl.errors import TapctlError
from tapctl.resource_types import RESERVED_CONCURRENCY, OperationEnd, stack_status
from tapctl.stacks.capabilities import is_generated
from tapctl.stacks.change_set_request import tag_changes
from tapctl.stacks.redaction import given_secrets
from tapctl.state import noecho_hash
from tapctl.template.load import from_stack
from tapctl.template.model import LANGUAGE_EXTENSIONS, SERVERLESS, Template
from tapctl.template.parameters import SSM_TYPE
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import decide, with_findings
from tapctl.workflows.read_inputs import Inputs, live_functions, resolve_lookups, stack_tree_for

if TYPE_CHECKING:
    from tapctl.aws.stacks import StackDescription
    from tapctl.settings.settings import Settings
    from tapctl.workflows.deployer import Deployer

_DETERMINISTIC = {SERVERLESS, LANGUAGE_EXTENSIONS}
"""Transforms that always generate the same from the same template."""


@dataclass(frozen=True, slots=True)
class NoOp:
    """There is nothing to deploy; `preflight` is set where a remedy had to be computed to know it."""

    preflight: Preflight | None = None


def find_no_op(template: Template, deployer: Deployer, live: StackDescription) -> NoOp | None:
    """Whether template, parameters and tags are those of the stack; None where they differ, or may differ."""
    settings = deployer.settings
    if not (_has_same_options(deployer, live) and _is_certain(template) and _has_values(template, settings, live)):
        return None
    deployed = _deployed_template(deployer, live)
    if deployed is None or _without_reservations(deployed.body).keys() != _without_reservations(template.body).keys():
        return None
    stack = Stack(deployer.name, live.status, parameters=live.parameters, id=live.id)
    unread = Account(settings.region, AccountSettings(Concurrency(UNREAD, UNREAD)), live.account_id, stack=stack)
    body = deployer.packaged(template, stack_tree_for(template, settings, unread), live)
    # Last, since a hash takes as long as some calls.
    if _without_reservations(body) != _without_reservations(deployed.body) or not _has_secrets(
        template, settings, live
    ):
        return None
    if body == deployed.body and _keeps_parameters(template, settings.parameters, live):
        return NoOp()
    result = _decide_as_deployed(template, deployed, deployer, unread, stack)
    return NoOp(result) if _is_deployed_remedy(result, body, deployed, live, settings) else None


def _has_same_options(deployer: Deployer, live: StackDescription) -> bool:
    """Whether nothing but the template and its parameters could need a change set."""
    settings, options = deployer.settings, deployer.options
    return (
        stack_status(live.status).end is OperationEnd.SUCCESS
        and not (options.import_existing or options.revert_drift or options.express)
        and not tag_changes(settings, live.tags)
        and (not settings.notification_arns or set(settings.notification_arns) == set(live.notification_arns))
        and (not settings.role_arn or settings.role_arn == live.role_arn)
    )


def _is_certain(template: Template) -> bool:
    """Whether the same text under the same parameters means the same stack."""
    stored = any(str(entry.get("Type")).startswith(SSM_TYPE) for entry in template.parameters.values())
    deterministic = set(template.transforms) <= _DETERMINISTIC
    dynamic = is_generated(template) or "{{resolve:ssm:" in template.source.text
    return deterministic and not stored and not dynamic


def _has_values(template: Template, settings: Settings, live: StackDescription) -> bool:
    """Whether the stack has a value for every parameter."""
    return set(settings.parameters) <= set(template.parameters) <= set(live.parameters)


def _has_secrets(template: Template, settings: Settings, live: StackDescription) -> bool:
    """Whether given NoEcho values are those of the last deploy."""
    secret = given_secrets(template, settings.parameters)
    return not secret or noecho_hash.matches(live.id, live.last_updated, secret)


def _deployed_template(deployer: Deployer, live: StackDescription) -> Template | None:
    body = read_or_unknown("cloudformation:GetTemplate", lambda: get_template(deployer.aws, live.id, processed=False))
    try:
        return None if isinstance(body, Unknown) else from_stack(body, deployer.name)
    except TapctlError:
        return None


def _keeps_parameters(template: Template, given: Mapping[str, str], live: StackDescription) -> bool:
    """Whether every given parameter has the stack's value; the stack keeps the others."""
    shown = given.keys() - given_secrets(template, given).keys()
    return all(live.parameters[name] == given[name] for name in shown)


def _without_reservations(body: Mapping[str, Any]) -> dict[str, Any]:
    """The template without the properties that a remedy may have edited."""
    resources = {
        name: {
            **resource,
            "Properties": {key: value for key, value in properties.items() if key != RESERVED_CONCURRENCY},
        }
        if isinstance(properties := resource.get("Properties"), dict)
        else resource
        for name, resource in (body.get("Resources") or {}).items()
    }
    return {**body, "Resources": resources}


def _decide_as_deployed(
    template: Template, deployed: Template, deployer: Deployer, account: Account, stack: Stack
) -> Preflight:
    """The decision against a stack that holds what its own template reserves; only the limit is read.

    Both templates name their functions alike. Old versions do not count, since nothing changes.
    """
    settings, reader = deployer.settings, LiveAccount(deployer.aws)
    account = replace(account, settings=reader.settings(), learned=settings.learned)
    _, reserved, account = resolve_lookups(deployed, reader, replace(settings, parameters={}), account)
    functions = {
        function.logical_id: LiveFunction(function.logical_id, function.reserved, function.provisioned_total, {})
        for function in reserved.functions
    }
    account = replace(account, stack=replace(stack, functions=functions))
    tree, demand, account = resolve_lookups(template, reader, settings, account)
    effects = UpdateEffects(same_name=frozenset(functions))
    changes = diff(demand, live_functions(account), effects)
    return with_findings(decide(template, Inputs(tree, demand, account, effects, changes), settings), settings)


def _is_deployed_remedy(
    result: Preflight, body: Mapping[str, Any], deployed: Template, live: StackDescription, settings: Settings
) -> bool:
    """Whether the remedy that the account needs today is the one that the stack is deployed with."""
    if not result.plan.changes or result.first_step:
        return False
    overrides = {override.parameter: override.value for override in result.plan.overrides.values()}
    given = {**settings.parameters, **overrides}
    return apply(body, result.plan.edits) == deployed.body and _keeps_parameters(result.template, given, live)
