"""Asking for a change set: the template packaged with its remedy, while what only the execution reads is uploaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tapctl.aws.session import Aws
from tapctl.concurrency.remedy import Override
from tapctl.concurrency.result import Preflight
from tapctl.errors import UsageError
from tapctl.packaging.package import Publication, packager
from tapctl.settings.settings import Settings
from tapctl.stacks import change_set
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.change_set_request import ChangeSetRequest, request_for
from tapctl.stacks.changes import without_absent
from tapctl.stacks.options import Options
from tapctl.stacks.stack import StackDescription
from tapctl.stacks.status import StackAction
from tapctl.state.journal import Journal, Phase, digest


@dataclass(frozen=True, slots=True)
class ChangeSetCreator:
    """Whom to ask, for what, and who is told."""

    aws: Aws
    settings: Settings
    step: Callable[[str], None]
    sleep: Callable[[float], None]
    options: Options
    journal: Journal
    part: str = ""
    """Which of two steps it is for; empty where there is one."""

    def prepare(self, result: Preflight) -> Publication:
        """The template with the remedies that no parameter brings about, packaged."""
        packaging = packager(self.aws, self.settings, result.account.account_id, self.step)
        edits = result.plan.edits
        return Publication(packaging.package(result.template, result.tree, edits), packaging.store, self.step)

    def create(self, result: Preflight, live: StackDescription, publication: Publication) -> ChangeSet | None:
        """The change set, ready to be executed; None when there is nothing to change."""
        creates = live.action is not StackAction.UPDATE
        request = request_for(
            result.template,
            self._overridden(result.plan.overrides),
            self.options,
            publication.request,
            previous={} if creates else live.parameters,
            creates=creates,
            exists=bool(live.id) and live.action is not StackAction.RECREATE,
            stack_id="" if creates else live.id,
        )
        found = self.request(request, publication)
        found = replace(found, part=self.part) if found else None
        if found is None and creates:
            raise UsageError(f"{result.template.file} has no resource to create", "look at its conditions")
        if found is not None and self.aws.target.is_sandbox:
            return replace(found, changes=without_absent(found.changes, result.tree))
        return found

    def _overridden(self, by_parameter: Mapping[str, Override]) -> Settings:
        """The settings with the parameters that bring remedies about in this deploy."""
        for name, each in by_parameter.items():
            value = f'"{each.value}"' if not each.value or " " in each.value else each.value
            step = f" in {self.part}" if self.part else ""
            self.step(f"remedy: deploying {name} with {each.parameter}={value}{step}")
        values = {each.parameter: each.value for each in by_parameter.values()}
        return replace(self.settings, parameters={**self.settings.parameters, **values})

    def request(self, request: ChangeSetRequest, publication: Publication) -> ChangeSet | None:
        """Ask for a change set while what only its execution reads is uploaded; a failed upload leaves none."""
        found = None
        attempt = digest(request.template, request.parameters, request.secrets.parameters)
        if attempt == self.journal.entry.failed:
            self.step("warning: the last attempt, which failed, was with the same template and parameters")
        self.journal.note(Phase.ASKING, change_set=request.name, creates=request.creates, digest=attempt)
        try:
            with publication.uploading():
                self.step(f"asking for a change set ({', '.join(request.capabilities) or 'no capabilities'})")
                found = change_set.create(self.aws, request, sleep=self.sleep)
        except BaseException:
            if found is not None:
                change_set.discard(self.aws, found, with_stack=request.creates)
            raise
        if found is not None:
            self.journal.note(Phase.CONFIRMING, change_set=found.id, stack_id=found.stack_id)
        return found
