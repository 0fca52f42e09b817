"""The inputs to create and update a stack set: its template, capabilities, tags, roles and permission model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tapctl.aws.stack_sets import SERVICE_MANAGED, StackSet, as_parameters
from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging.package import MAX_BODY, PackagedTemplate
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
class SetDefinition:
    """The template as it is uploaded, and what the calls that create or update the set take beside parameters."""

    text: str
    body: Mapping[str, Any]
    request: Mapping[str, Any]
    template: Mapping[str, str]
    """`TemplateBody` or `TemplateURL`."""
    secret: frozenset[str] = frozenset()
    """The NoEcho parameters."""
    permission: Mapping[str, Any] = field(default_factory=dict)
    """What CreateStackSet is given besides: the permission model and who joins."""

    @property
    def auto_deploys(self) -> bool:
        return bool(self.permission.get("AutoDeployment", {}).get("Enabled"))

    def creation(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The parameters of CreateStackSet."""
        managed = {"ManagedExecution": {"Active": True}}
        return {**self.template, **self.request, **self.permission, **managed, "Parameters": as_parameters(values)}

    def update(self, values: Mapping[str, str], now: StackSet, *, whole: bool) -> dict[str, Any]:
        """The request of UpdateStackSet with every parameter, since AWS documents nothing on those that are left out.

        Roles stay as they are unless others are configured. Who joins can only change with the `whole` set.
        """
        kept = dict.fromkeys(name for name in now.parameters if name in self.secret and name not in values)
        joins = {key: setting for key, setting in self.permission.items() if key == "AutoDeployment" and whole}
        roles = {} if now.permission_model == SERVICE_MANAGED else now.roles
        return {**self.template, **roles, **self.request, **joins, "Parameters": as_parameters({**values, **kept})}

    def is_current(self, now: StackSet, values: Mapping[str, str]) -> bool:
        """Whether the set has all of this already, NoEcho values and who joins aside."""
        body = deployed_body(now)
        tags = {tag["Key"]: tag["Value"] for tag in self.request["Tags"]}
        wanted, held = (
            {name: value for name, value in parameters.items() if name not in self.secret}
            for parameters in (values, now.parameters)
        )
        same_roles = all(self.request.get(name, role) == role for name, role in now.roles.items())
        return (body, tags, wanted) == (self.body, now.tags, held) and same_roles

    def changed(self, now: StackSet, names: Iterable[str]) -> frozenset[str]:
        """The parameters that the set's present template declares otherwise, or may use otherwise."""
        before = deployed_body(now)
        if before is None or before.get("Conditions") != self.body.get("Conditions"):
            return frozenset(names)
        old, new = before.get("Parameters") or {}, self.body.get("Parameters") or {}
        return frozenset(name for name in names if old.get(name) != new.get(name))


def deployed_body(now: StackSet) -> Mapping[str, Any] | None:
    """The body of the set's present template; None where it cannot be read."""
    try:
        return from_stack(now.template, "the stack set").body
    except TemplateError:
        return None


def define(request: RolloutRequest, result: Preflight, package: PackagedTemplate, url: str) -> SetDefinition:
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
    return SetDefinition(
        text,
        body,
        common,
        {"TemplateURL": url} if long else {"TemplateBody": text},
        frozenset(secret),
        _permission(fleet),
    )


def _permission(fleet: Fleet) -> dict[str, Any]:
    if fleet.permission == "self":
        return {"PermissionModel": "SELF_MANAGED"}
    joins: dict[str, Any] = {"Enabled": fleet.auto_deploy}
    if fleet.auto_deploy:
        joins["RetainStacksOnAccountRemoval"] = True
    return {"PermissionModel": SERVICE_MANAGED, "AutoDeployment": joins}


def deployable(template: Template, fleet: Fleet) -> Template:
    """The template for the set: with service-managed permissions without transforms, which StackSets refuses there.

    Raises `TemplateError` for what cannot be worked out here. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-enable-trusted-access.html
    """
    if fleet.permission == "self":
        return template
    file = template.file
    if SERVERLESS in template.transforms and not _has_others(template):
        open_ = {name: Unknown("each account has its own value") for name in template.parameters}
        template = expand(template, Parameters(open_), {})
    if template.transforms or is_generated(template):
        what = "nested stacks" if holds_nested(template) else "a macro"
        message = f"a stack set with service-managed permissions cannot deploy {what}"
        hint = advise(DeployAdvice.USE_SELF_PERMISSION)
        raise TemplateError(message, hint, file=file)
    return template


def _has_others(template: Template) -> bool:
    return is_generated(template) or any(name != SERVERLESS for name in template.transforms)


def without_value(template: Template, values: Mapping[str, str], held: Mapping[str, str]) -> Iterator[str]:
    """The parameters that have no value, given or held, and no default."""
    return (
        name
        for name, entry in template.parameters.items()
        if name not in values and name not in held and "Default" not in entry
    )
