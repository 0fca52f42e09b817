"""Whether a verdict lets a deploy continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tapctl.concurrency import two_step
from tapctl.concurrency.remedy import apply, describe
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import ExitCode, TapctlError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.hints import Hint
    from tapctl.stacks.ui import DeployUI


class Blocked(TapctlError):
    """The verdict blocks the deploy; the exit code is the verdict's."""

    def __init__(self, code: ExitCode, message: str, hint: Hint | None = None) -> None:
        super().__init__(message, hint)
        self.exit_code = code  # type: ignore[misc]


def gate(result: Preflight, *, allow_uncertain: bool) -> None:
    """Raise `Blocked` unless the template fits, or will after the remedy."""
    if result.lint_errors:
        raise Blocked(
            ExitCode.USAGE,
            "deploy blocked: cfn-lint found errors",
            advise(JudgementAdvice.FIX_LINT_ERRORS),
        )
    verdict = result.verdict_after_remedy
    if verdict is Verdict.EXCEEDS:
        raise Blocked(
            verdict.exit_code, "deploy blocked: an account limit would be exceeded", advise(UsageAdvice.SEE_HINTS)
        )
    if verdict is not Verdict.FITS and not allow_uncertain:
        hint = advise(DeployAdvice.RESOLVE_OR_ALLOW_UNCERTAIN)
        raise Blocked(verdict.exit_code, f"deploy blocked: the verdict is {verdict.value}", hint)


def consent(result: Preflight, ui: DeployUI, given: str, env: str | None, done: str = "") -> str:
    """The action that the user consents to, now or already before (`given`).

    Raises `Blocked` without the consent that a remedy or two steps need, `UsageError` for a remedy that cannot be
    deployed; `done` is the step that is deployed already.
    """
    if not result.needs_consent:
        return given
    first = result.first_step
    apply(result.template.body, (first or result.plan).edits)
    action = (
        f"deploy in two steps ({two_step.describe_first(result.changes, first)})"
        if first
        else describe(result.plan.changes)
    )
    if action != given and not ui.allow_remedy(action):
        after = f"; only {done} was deployed" if done else ""
        hint = advise(DeployAdvice.ALLOW_REMEDY_IN_SECTION, f"env.{env}" if env else "defaults")
        raise Blocked(ExitCode.EXCEEDS, f"deploy blocked: no consent to {action}{after}", hint)
    return action
