"""Whether a verdict lets a deploy continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tapctl.concurrency import two_step
from tapctl.concurrency.remedy import apply, describe
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import ExitCode, TapctlError

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
            "fix the errors, or skip linting with `--no-lint`",
        )
    verdict = result.verdict_after_remedy
    if verdict is Verdict.EXCEEDS:
        raise Blocked(verdict.exit_code, "deploy blocked: an account limit would be exceeded", "see the hints above")
    if verdict is not Verdict.FITS and not allow_uncertain:
        hint = "resolve it as the hints above say, or deploy anyway with `--allow-uncertain`"
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
        hint = f'allow it with `--remedy adjust`, or with `remedy = "adjust"` in [env.{env or "NAME"}] of tapctl.toml'
        raise Blocked(ExitCode.EXCEEDS, f"deploy blocked: no consent to {action}{after}", hint)
    return action
