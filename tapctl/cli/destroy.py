"""`tapctl destroy`: a stack deleted, after showing what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.context import open_aws, settings_from, stack_name_of
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError, UsageError

if TYPE_CHECKING:
    from tapctl.cli.progress import Progress
    from tapctl.aws.stacks import StackEvent
    from tapctl.workflows.destroy import Fate


def destroy(
    env: o.Env = None,
    stack_name: o.StackName = None,
    region: o.Region = None,
    profile: o.Profile = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    leave: Annotated[
        list[str] | None,
        typer.Option("--leave", metavar="ID", help="What may be left behind if it cannot be deleted; repeatable."),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up waiting.")] = 3600,
    format: o.FormatOption = o.Format.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Delete the stack, after showing what goes with it and what is lost.

    Refuses an environment that is protected, and a stack under termination protection. Empties nothing: what cannot
    be deleted is named with its reason. Exits with 7 then, and with 5 when the time is up.
    """
    from tapctl.cli.progress import Progress
    from tapctl.report import destroy
    from tapctl.stacks.operation import Operator
    from tapctl.workflows.destroy import destroy as run

    terminal = Terminal(quiet, verbose)
    settings = settings_from(
        any_template=False, env=env, region=region, profile=profile, stack_name=stack_name, config=config
    )
    name = stack_name_of(settings)
    if not yes and not terminal.interactive:
        raise UsageError("there is no terminal to ask on", "`--yes` destroys without asking")
    aws, settings = open_aws(replace(settings, stack_name=name), terminal)
    text = format is o.Format.TEXT
    with Progress(terminal, text) as progress:
        reporter = _Reporter(progress, yes, frozenset(leave or ()))
        try:
            result = run(Operator(aws, name, reporter, timeout), settings, reporter.agreed)
        except TapctlError as error:
            if not text or output:
                terminal.result(destroy.failure_json(name, error), output)
            raise
    terminal.result(destroy.as_text(name, result) if text else destroy.as_json(name, result), output)


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Tells the terminal what goes on, and asks on it."""

    progress: Progress
    yes: bool
    leave: frozenset[str]

    def step(self, text: str) -> None:
        self.progress.step(text)

    def event(self, event: StackEvent) -> None:
        self.progress.event(event)

    def cancel(self, stack_name: str) -> bool:
        return self.progress.cancel(stack_name)

    def agreed(self, fate: Fate) -> bool:
        """Whether all of this may go."""
        from tapctl.report import destroy

        terminal = self.progress.terminal
        terminal.show(destroy.fate(fate, terminal.aside))
        self.progress.expect(each.logical_id for each in fate.resources)
        return self.yes or terminal.asks(f"Destroy stack {fate.stack_name}, and all that is deleted with it?")

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        agreed = self.yes and self.leave.issuperset(leaving)
        return agreed or self.progress.allowed(question, leaving)
