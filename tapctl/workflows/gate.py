"""Whether a verdict lets a deploy continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tapctl.concurrency.remedy import RemedyMode, RemedyPlan
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.errors import ExitCode, TapctlError

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.hints import Hint
    from tapctl.settings.settings import Settings


class Blocked(TapctlError):
    """The verdict blocks the deploy; the exit code is the verdict's."""

    def __init__(self, code: ExitCode, message: str, hint: Hint | None = None) -> None:
        super().__init__(message, hint)
        self.exit_code = code  # type: ignore[misc]


def gate(result: Preflight, settings: Settings, *, allow_uncertain: bool) -> None:
    """Raise `Blocked` unless the template fits, or will after the remedy."""
    if result.lint_errors:
        raise Blocked(
            ExitCode.USAGE,
            "deploy blocked: cfn-lint found errors",
            "fix the errors, or skip linting with `--no-lint`",
        )
    others = (
        finding for finding in result.findings if finding.judged and finding.limit != "lambda-reserved-concurrency"
    )
    verdict = worst([*(finding.verdict for finding in others), verdict_after_remedy(result, settings)])
    if verdict is Verdict.EXCEEDS:
        raise Blocked(verdict.exit_code, "deploy blocked: an account limit would be exceeded", "see the hints above")
    if verdict is not Verdict.FITS and not allow_uncertain:
        hint = "resolve it as the hints above say, or deploy anyway with `--allow-uncertain`"
        raise Blocked(verdict.exit_code, f"deploy blocked: the verdict is {verdict.value}", hint)


def verdict_after_remedy(result: Preflight, settings: Settings) -> Verdict:
    """The verdict on concurrency after the remedy, or after two steps."""
    two_steps = isinstance(result.staging, RemedyPlan) and settings.remedy is not RemedyMode.FAIL
    changed = result.plan.possible and bool(result.plan.changes)
    return Verdict.FITS if two_steps or changed else result.concurrency.verdict
