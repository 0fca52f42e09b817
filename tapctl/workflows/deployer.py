"""The request of a deploy, and the context that all of its steps share."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.packaging.package import Packager, packager
from tapctl.stacks.operation import TIMEOUT, Operator
from tapctl.stacks.options import Options
from tapctl.stacks.recovery import Recovery
from tapctl.stacks.redaction import Secrets
from tapctl.stacks.status import StackAction
from tapctl.state.journal import Journal
from tapctl.template.parameters import Parameters, missing_values, refuse_undeclared

if TYPE_CHECKING:
    from pathlib import Path

    from tapctl.aws.session import Aws
    from tapctl.aws.stacks import StackDescription
    from tapctl.settings.settings import Settings
    from tapctl.stacks.stack import ReadyStack
    from tapctl.stacks.ui import DeployUI
    from tapctl.template.model import Template
    from tapctl.template.nested import StackTree


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """A template to deploy, where and how. Only the settings change on the way, when a refusal names the minimum."""

    aws: Aws
    template: Template
    settings: Settings
    options: Options = field(default_factory=Options)
    timeout: float = TIMEOUT
    """Seconds to wait for CloudFormation."""
    sleep: Callable[[float], None] = time.sleep
    waits: bool = True
    """Whether operations are followed to their end."""
    verifies: bool = False
    """Whether the deploy is verified afterwards; the journal notes that until it has succeeded."""
    allow_uncertain: bool = False
    wait_increase: bool = False
    """Whether a deploy that lacks quota waits for the increases that would be enough."""
    builds: bool = True
    """Whether a dependency that is no wheel is built, which runs its code; a plan runs none."""
    while_waiting: Callable[[], None] = lambda: None
    """What may be done while AWS is at work, once it is known that there is something to deploy."""
    outside: tuple[Path, ...] = ()
    """What may be packaged although a link leads to it out of the project."""

    @property
    def stack_name(self) -> str:
        """The stack's name. Raises `UsageError` where none is configured."""
        if self.settings.stack_name is None:
            raise UsageError("no stack name is set", advise(UsageAdvice.PASS_STACK_NAME))
        return self.settings.stack_name

    def by_name_of(self, stack: StackDescription) -> DeployRequest:
        """The request with the stack's own name, should it name the stack by an alias."""
        if stack.name == self.stack_name:
            return self
        return replace(self, settings=replace(self.settings, stack_name=stack.name))


@dataclass(frozen=True, slots=True)
class Deployer:
    """A request together with the user interface, the journal and the secrets of the template."""

    request: DeployRequest
    ui: DeployUI
    journal: Journal = field(default_factory=Journal)
    secrets: Secrets = field(default_factory=Secrets)

    @property
    def aws(self) -> Aws:
        return self.request.aws

    @property
    def settings(self) -> Settings:
        return self.request.settings

    @property
    def options(self) -> Options:
        return self.request.options

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.request.stack_name

    @property
    def operator(self) -> Operator:
        """Runs operations on the stack."""
        timeout, sleep = self.request.timeout, self.request.sleep
        return Operator(self.aws, self.name, self.ui, timeout, sleep, self.journal, self.secrets)

    @property
    def recovery(self) -> Recovery:
        """Brings the stack into a state in which the deploy can begin."""
        roll_forward = self.options.disable_rollback or self.options.express
        role_arn, protected = self.settings.role_arn, self.settings.protected
        waits, imports = self.request.waits, self.options.import_existing
        return Recovery(self.operator, role_arn, protected, roll_forward, waits, imports)

    def packaged(self, template: Template, tree: StackTree, stack: StackDescription) -> Mapping[str, Any]:
        """The template without a remedy as it would be uploaded for this stack; nothing is uploaded."""
        return self.packager(stack.account_id).package(template, tree).body

    def packager(self, account_id: str | None) -> Packager:
        request = self.request
        return packager(
            self.aws, self.settings, account_id, self.ui.step, builds=request.builds, outside=request.outside
        )


def check_parameters(ready: ReadyStack, template: Template, settings: Settings) -> None:
    """Raise `UsageError` for undeclared parameters, such as misspelt ones, and for those without a value."""
    refuse_undeclared(template, settings.parameters)
    previous = ready.stack.parameters if ready.action is StackAction.UPDATE else {}
    if missing := missing_values(template, Parameters(settings.parameters, previous)):
        flags = " ".join(f"--parameter {shlex.quote(name)}=VALUE" for name in missing)
        hint = advise(UsageAdvice.PASS_OR_CONFIGURE_PARAMETERS, flags)
        if settings.env:
            hint = advise(UsageAdvice.PASS_OR_SET_PARAMETERS, flags, settings.env)
        raise UsageError(f"{template.file} needs a value for {', '.join(missing)}", hint)
