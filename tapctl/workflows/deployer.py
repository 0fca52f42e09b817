"""A deploy, in order: look at the stack, package, ask for a change set, confirm, execute, follow, say how it ended."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.aws.session import Aws, explained
from tapctl.concurrency import two_step
from tapctl.concurrency.result import Preflight
from tapctl.errors import AwsError, BusyError, Interrupted, TapctlError, UsageError
from tapctl.packaging.package import packager
from tapctl.settings.settings import Settings
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.operation import TIMEOUT, Observer, Operator, failure
from tapctl.stacks.options import Options
from tapctl.stacks.recovery import Recovery
from tapctl.stacks.redaction import Secrets, given_secrets
from tapctl.stacks.stack import StackDescription, version
from tapctl.stacks.status import End, StackAction, state
from tapctl.state import noecho_hash
from tapctl.state.journal import Journal, Phase
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.parameters import Parameters, missing_values, refuse_undeclared
from tapctl.workflows.create_change_set import ChangeSetCreator


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a deploy ended, when it ended well."""

    stack_name: str
    stack_id: str
    status: str
    changed: bool
    outputs: Mapping[str, str] = field(default_factory=dict)
    followed: bool = True
    """Whether it was waited for to the end."""
    executed: ChangeSet | None = field(default=None, compare=False)
    """What was changed; None where nothing was."""
    only: str = ""
    """What that was, where somebody said no to the rest."""


def check_parameters(live: StackDescription, template: Template, settings: Settings) -> None:
    """Refuse early where a parameter has no value, above all where its name was misspelt. Raises `UsageError`."""
    refuse_undeclared(template, settings.parameters)
    previous = live.parameters if live.action is StackAction.UPDATE else {}
    if lacking := missing_values(template, Parameters(settings.parameters, previous)):
        flags = " ".join(f"--parameter {each}=VALUE" for each in lacking)
        raise UsageError(f"{template.file} needs a value for {', '.join(lacking)}", f"`{flags}`, or tapctl.toml")


Recheck = Callable[[ChangeSet], bool]


class Raced(BusyError):
    """The verdict no longer holds right before executing; `replacements` is what the change set would replace."""

    def __init__(self, message: str, replacements: frozenset[str]) -> None:
        super().__init__(message)
        self.replacements = replacements


@dataclass(frozen=True, slots=True)
class Deployer:
    """What every step of one deploy needs."""

    aws: Aws
    settings: Settings
    observer: Observer
    timeout: float = TIMEOUT
    sleep: Callable[[float], None] = time.sleep
    options: Options = field(default_factory=Options)
    waits: bool = True
    """Whether operations are followed to their end."""
    proves: bool = False
    """Whether somebody verifies afterwards, and is owed that until it has succeeded."""
    journal: Journal = field(default_factory=Journal)
    secrets: Secrets = field(default_factory=Secrets)
    """Of the template, with what is given for it."""
    part: str = ""
    """Which of two steps this is; empty where there is one."""
    before: str = ""
    """What this run has deployed already."""

    @property
    def name(self) -> str:
        """The stack's name. Raises `UsageError` where nothing names it."""
        if self.settings.stack_name is None:
            raise UsageError("no stack was named", "give `--stack-name`")
        return self.settings.stack_name

    @property
    def operator(self) -> Operator:
        """What follows the operations on its stack."""
        return Operator(self.aws, self.name, self.observer, self.timeout, self.sleep, self.journal, self.secrets)

    @property
    def recovery(self) -> Recovery:
        """What brings the stack to where this deploy can begin."""
        settings, options = self.settings, self.options
        forward = options.disable_rollback or options.express
        return Recovery(self.operator, settings.role_arn, settings.protected, forward, self.waits)

    @property
    def change_sets(self) -> ChangeSetCreator:
        """What asks for change sets."""
        return ChangeSetCreator(
            self.aws, self.settings, self.observer.step, self.sleep, self.options, self.journal, self.part
        )

    def deploy(self, result: Preflight, live: StackDescription, recheck: Recheck = lambda _: True) -> Outcome | None:
        """Bring the stack to what the template, with its remedy, says; None when somebody said no.

        `recheck` tells, right before executing, whether that change set still fits. Raises `Raced` when it does not,
        `DeployFailed` or `DeployStuck` with the first cause, `BusyError` when the time is up.
        """
        try:
            return self._deployed(result, live, recheck)
        finally:
            # Whoever leaves before the execution has cleaned up; only a process that was killed has not.
            if self.journal.entry.phase in (Phase.ASKING, Phase.CONFIRMING):
                self.journal.close()

    def _deployed(self, result: Preflight, live: StackDescription, recheck: Recheck) -> Outcome | None:
        creates = live.action is not StackAction.UPDATE
        secret = given_secrets(result.template, self.settings.parameters)
        publication = self.change_sets.prepare(result)
        if live.action is StackAction.RECREATE:
            self.recovery.clear(live)
        found = self.change_sets.create(result, live, publication)
        if found is None:
            return self._outcome(live.id, secret, changed=False)
        self.observer.changes(found)
        if not self._confirmed(found, creates):
            return None
        if not recheck(found):
            change_set.discard(self.aws, found, with_stack=creates)
            self._await_settled(found.stack_id)
            raise Raced("what the account can spare, or what is replaced, has changed", found.replaced)
        self._execute(found, creates=creates)
        return replace(self._outcome(found.stack_id, secret, changed=True), executed=found)

    def plan(self, result: Preflight, live: StackDescription) -> ChangeSet | None:
        """What a deploy would change, of which nothing is left; None when that is nothing."""
        try:
            found = self.change_sets.create(result, live, self.change_sets.prepare(result))
            if found is not None:
                change_set.discard(self.aws, found, with_stack=live.action is not StackAction.UPDATE)
            return found
        finally:
            self.journal.close()

    def packaged(self, template: Template, tree: StackTree, live: StackDescription) -> Mapping[str, Any]:
        """The template without a remedy as it would be published beside this stack; nothing is uploaded."""
        return packager(self.aws, self.settings, live.account_id, self.observer.step).package(template, tree).body

    def untouched(self, live: StackDescription) -> Outcome:
        """The outcome where there is nothing to deploy; termination protection is set where it is not as configured."""
        wanted = self.settings.termination_protection
        if wanted is not None and wanted != live.guarded:
            return self._outcome(live.id, {}, changed=False)
        return Outcome(self.name, live.id, live.status, changed=False, outputs=live.settled.outputs)

    def _confirmed(self, found: ChangeSet, creates: bool) -> bool:
        """Ask; whatever is not a yes, an interrupt among it, leaves neither the change set nor a stack made for it."""
        go = False
        try:
            if self.options.fail_on_warnings:
                change_set.heed(found, self.name)
            go = self.observer.confirm(self.name)
        except KeyboardInterrupt:
            done = f"only {self.before} was deployed" if self.before else "nothing was deployed"
            hint = two_step.GOES_ON if self.before else None
            raise Interrupted(f"interrupted; {done}, and the change set was removed", hint) from None
        finally:
            if not go:
                change_set.discard(self.aws, found, with_stack=creates)
        return go

    def _await_settled(self, stack_id: str) -> None:
        """Wait for a discarded stack to be gone, so that its name is free for the next try."""
        client = self.aws.client("cloudformation")
        with explained("waiting for a discarded stack"):
            for _ in range(30):
                if client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] != "DELETE_IN_PROGRESS":
                    return
                self.sleep(1)

    def _execute(self, found: ChangeSet, *, creates: bool) -> None:
        """Execute and follow to the end. Raises with the first cause when that is not a success."""
        asked = {"ChangeSetName": found.id, "StackName": found.stack_id, **self.options.executed()}
        owed = {"unverified": True} if self.proves else {}
        doing, operation = "executing the change set", "execute_change_set"
        try:
            token = self.operator.begin(Phase.EXECUTING, doing, operation, asked, **owed)
        except AwsError as refused:
            self._give_up(found, refused, creates=creates)
            raise
        if not self.waits:
            return
        seen = self.operator.follow(found.stack_id, token)
        good = state(seen[-1].status).end is End.SUCCESS
        self.journal.close(failed="" if good else self.journal.entry.digest)
        if not good:
            raise failure(self.aws, self.name, seen)

    def _give_up(self, found: ChangeSet, refused: AwsError, *, creates: bool) -> None:
        """Remove a set whose execution AWS refused; without an answer nobody knows whether it began.

        Raises `Raced` for a set that is out of date because somebody else executed one, or removed it.
        """
        if not refused.code:
            return
        self.journal.close()
        if refused.code in ("InvalidChangeSetStatus", "ChangeSetNotFound"):
            raise Raced(f"somebody else changed stack {self.name} meanwhile", found.replaced) from None
        with suppress(TapctlError):
            change_set.discard(self.aws, found, with_stack=creates)

    def _outcome(self, stack_id: str, secret: Mapping[str, str], *, changed: bool) -> Outcome:
        """How the stack ended; the `secret` parameters that it was given are remembered by their fingerprint."""
        protection = self.settings.termination_protection
        client, name = self.aws.client("cloudformation"), self.name
        with explained(f"reading the outputs of stack {name}"):
            if protection is not None:
                client.update_termination_protection(StackName=stack_id, EnableTerminationProtection=protection)
            found = client.describe_stacks(StackName=stack_id)["Stacks"]
        if not found:
            raise AwsError(f"stack {name} is gone", "somebody else deleted it")
        noecho_hash.remember(stack_id, version(found[0]), secret)
        outputs = {each["OutputKey"]: each.get("OutputValue", "") for each in found[0].get("Outputs", [])}
        return Outcome(name, stack_id, found[0]["StackStatus"], changed, outputs, self.waits or not changed)
