"""What a stack set is created and updated with: its template, capabilities, tags, roles and permission model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tapctl.aws.stack_sets import SERVICE_MANAGED, StackSet, as_parameters
from tapctl.errors import TemplateError
from tapctl.packaging.package import MAX_BODY, Package
from tapctl.stacks.capabilities import capabilities, holds_nested, is_generated
from tapctl.template.load import from_stack
from tapctl.template.model import SERVERLESS
from tapctl.template.nested import expand
from tapctl.template.parameters import Parameters, is_secret
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.fleet.request import RolloutRequest
    from tapctl.settings.fleet_section import Fleet
    from tapctl.template.model import Template

OURS = "tapctl fleet "
"""Begins the description of every stack set that tapctl creates, with the fleet's name behind it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The template as it is uploaded, and what the calls that create or update the set take beside parameters."""

    text: str
    body: Mapping[str, Any]
    request: Mapping[str, Any]
    template: Mapping[str, str]
    """`TemplateBody` or `TemplateURL`."""
    secret: frozenset[str] = frozenset()
    """The NoEcho parameters."""
    given: frozenset[str] = frozenset()
    """The parameters that have a value in the settings."""
    permission: Mapping[str, Any] = field(default_factory=dict)
    """What only CreateStackSet is always given: the permission model and who joins."""

    def creation(self, values: Mapping[str, str]) -> dict[str, Any]:
        """What CreateStackSet takes."""
        managed = {"ManagedExecution": {"Active": True}}
        return {**self.template, **self.request, **self.permission, **managed, "Parameters": as_parameters(values)}

    def update(self, values: Mapping[str, str], now: StackSet) -> dict[str, Any]:
        """What UpdateStackSet takes: every parameter, since AWS documents nothing on those that are left out."""
        kept = [name for name in now.parameters if name in self.secret and name not in self.given]
        shown = {name: value for name, value in values.items() if name not in kept}
        auto = {name: value for name, value in self.permission.items() if name == "AutoDeployment"}
        return {**self.template, **self.request, **auto, "Parameters": as_parameters(shown, kept)}

    def is_current(self, now: StackSet, values: Mapping[str, str]) -> bool:
        """Whether the set has all of this already. A NoEcho value that is given counts as a change."""
        if self.secret & self.given:
            return False
        try:
            body = from_stack(now.template, "the stack set's template").body
        except TemplateError:
            return False
        tags = {tag["Key"]: tag["Value"] for tag in self.request["Tags"]}
        public = {name: value for name, value in values.items() if name not in self.secret}
        held = {name: value for name, value in now.parameters.items() if name not in self.secret}
        joins = self.permission.get("AutoDeployment", {}).get("Enabled", False)
        roles = (("AdministrationRoleARN", now.administration_role), ("ExecutionRoleName", now.execution_role))
        same_roles = all(self.request.get(name, held_role) == held_role for name, held_role in roles)
        return (body, tags, public, joins) == (self.body, now.tags, held, now.auto_deploys) and same_roles


def define(request: RolloutRequest, result: Preflight, package: Package, url: str) -> Definition:
    """The definition of the fleet's stack set; `url` is where its template is uploaded, if it is too long."""
    fleet, settings = request.fleet, request.settings
    text, body = package.text, package.body
    long = len(text.encode()) > MAX_BODY
    description = f"{OURS}{request.name}"
    if isinstance(own := body.get("Description"), str):
        description = f"{description}: {own}"[:1024]
    common = {
        "Description": description,
        "Capabilities": list(settings.capabilities or capabilities(result.tree)),
        "Tags": [{"Key": key, "Value": value} for key, value in settings.tags.items()],
        **({"AdministrationRoleARN": fleet.administration_role} if fleet.administration_role else {}),
        **({"ExecutionRoleName": fleet.execution_role} if fleet.execution_role else {}),
    }
    secret = {name for name, entry in result.template.parameters.items() if is_secret(entry)}
    return Definition(
        text,
        body,
        common,
        {"TemplateURL": url} if long else {"TemplateBody": text},
        frozenset(secret),
        frozenset(settings.parameters),
        _permission(fleet),
    )


def _permission(fleet: Fleet) -> dict[str, Any]:
    if fleet.permission == "self":
        return {"PermissionModel": "SELF_MANAGED"}
    joins: dict[str, Any] = {"Enabled": fleet.auto_deploy}
    if fleet.auto_deploy:
        joins["RetainStacksOnAccountRemoval"] = False
    return {"PermissionModel": SERVICE_MANAGED, "AutoDeployment": joins}


def deployable(result: Preflight, fleet: Fleet) -> Template:
    """The template for the set: with service-managed permissions without transforms, which StackSets refuses there.

    Raises `TemplateError` for what cannot be worked out here. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-enable-trusted-access.html
    """
    template = result.template
    if fleet.permission == "self":
        return template
    if SERVERLESS in template.transforms and not _has_others(template):
        open_ = {name: Unknown("each account has its own value") for name in template.parameters}
        template = expand(template, Parameters(open_), {})
    if template.transforms or is_generated(template):
        what = "nested stacks" if holds_nested(template) else "a macro"
        message = f"a stack set with service-managed permissions cannot deploy {what}"
        hint = 'use `permission = "self"`, or a template without it'
        raise TemplateError(message, hint, file=result.template.file)
    return template


def _has_others(template: Template) -> bool:
    return is_generated(template) or any(name != SERVERLESS for name in template.transforms)


def without_value(template: Template, values: Mapping[str, str], held: Mapping[str, str]) -> Iterator[str]:
    """The parameters that have no value, given or held."""
    return (name for name in template.parameters if name not in values and name not in held)
