"""The request for a change set, from the template, the environment, the stack and the options."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.settings.settings import Settings
from tapctl.stacks.capabilities import capabilities, holds_nested
from tapctl.stacks.options import Options
from tapctl.stacks.redaction import Secrets, secrets_of
from tapctl.stacks.stale_change_sets import PREFIX
from tapctl.template.model import Template
from tapctl.template.nested import StackTree


@dataclass(frozen=True, slots=True)
class ChangeSetRequest:
    """The request for a change set."""

    stack_name: str
    creates: bool
    template: Mapping[str, str]
    """`TemplateBody` or `TemplateURL`."""
    parameters: list[dict[str, Any]] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)
    tags: Mapping[str, str] | None = None
    """All of the stack's; None leaves them as they are."""
    role_arn: str | None = None
    notification_arns: tuple[str, ...] = ()
    nested: bool = False
    """Whether the stack has nested stacks, whose change sets are created, too."""
    exists: bool = False
    """Whether the stack may have other change sets."""
    stack_id: str = ""
    """Of the stack that is updated: another stack may have taken its name since it was read."""
    options: Options = field(default_factory=Options)
    secrets: Secrets = field(default_factory=Secrets)
    name: str = field(default_factory=lambda: f"{PREFIX}{uuid.uuid4().hex[:12]}")
    """The change set's, chosen before it is created, so that an abandoned one can be found again."""

    @property
    def stack(self) -> str:
        """The id of a stack that is updated, the name of a new one."""
        return self.stack_id or self.stack_name

    def parameters_for_aws(self) -> dict[str, Any]:
        """The parameters of CreateChangeSet; topics that are not given stay as they are."""
        required: dict[str, Any] = {
            "StackName": self.stack,
            "ChangeSetName": self.name,
            "ClientToken": self.name,
            "ChangeSetType": "CREATE" if self.creates else "UPDATE",
            "Parameters": self.parameters,
            "Capabilities": self.capabilities,
            **self.template,
            **self.options.change_set_parameters(nested=self.nested),
        }
        optional = {
            "NotificationARNs": list(self.notification_arns),
            "RoleARN": self.role_arn,
        }
        if self.tags is not None:
            required["Tags"] = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return required | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class TagChange:
    """A tag of the stack before and after a deploy; None where it has no such tag."""

    key: str
    before: str | None
    after: str | None


def tag_changes(settings: Settings, live: Mapping[str, str], *, keeps: bool = True) -> tuple[TagChange, ...]:
    """The changes of a stack's tags by a deploy; a stack that is created again `keeps` none of them."""
    tags = settings.tags_beside(live if keeps else {})
    own = [key for key in live if not key.startswith("aws:")]
    changes = (TagChange(key, live.get(key), tags.get(key)) for key in dict.fromkeys((*own, *tags)))
    return tuple(change for change in changes if change.before != change.after)


def request_for(
    template: Template,
    tree: StackTree,
    settings: Settings,
    options: Options,
    published: Mapping[str, str],
    *,
    previous: Mapping[str, str],
    tags: Mapping[str, str],
    creates: bool,
    exists: bool,
    stack_id: str,
) -> ChangeSetRequest:
    """The request for an uploaded template; `previous` are the parameters of the stack, and `tags` those that it has.

    `tree` is the template with its nested ones.
    """
    return ChangeSetRequest(
        settings.stack_name or "",
        creates,
        published,
        parameters=_parameters(template, settings, previous),
        capabilities=list(settings.capabilities or capabilities(tree)),
        tags=settings.tags_beside(tags) if settings.tags or (settings.all_tags and tags) else None,
        role_arn=settings.role_arn,
        notification_arns=settings.notification_arns,
        nested=holds_nested(template),
        exists=exists,
        stack_id=stack_id,
        options=options,
        secrets=secrets_of(template, settings.parameters, settings.hidden),
    )


def _parameters(template: Template, settings: Settings, previous: Mapping[str, str]) -> list[dict[str, Any]]:
    """The given values; others stay as they are in the stack, and new parameters take their defaults."""
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in settings.parameters.items()]
    kept = [
        {"ParameterKey": name, "UsePreviousValue": True}
        for name in template.parameters
        if name not in settings.parameters and name in previous
    ]
    return given + kept
