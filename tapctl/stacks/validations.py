"""CloudFormation's checks of a change set, before anything is executed.

A failed check of mode WARN leaves the change set executable and is shown nowhere else.
Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.cloudformation import change_set_events, failed_events
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.stacks.causes import explain
from tapctl.unknown import Unknown

PERMISSION = "cloudformation:DescribeEvents"


@dataclass(frozen=True, slots=True)
class Validation:
    """One check that did not pass: `status` is FAILED or SKIPPED, `mode` FAIL or WARN.

    `path` is a JSON pointer into the template. Names are those that AWS returns, which differ from its documentation.
    """

    name: str
    status: str
    mode: str = ""
    reason: str = ""
    logical_id: str = ""
    path: str = ""

    @property
    def skipped(self) -> bool:
        return self.status == "SKIPPED"

    @property
    def fatal(self) -> bool:
        """Whether CloudFormation refuses the change set for it."""
        return not self.skipped and self.mode != "WARN"

    @property
    def about_quota(self) -> bool:
        """Whether AWS checks a quota, as tapctl does."""
        return "QUOTA" in self.name.upper()

    def __str__(self) -> str:
        """Resource and path, the check, and the reason."""
        where = " ".join(part for part in (self.logical_id, self.path) if part)
        return ": ".join(part for part in (where, self.name, self.reason.strip().rstrip(".")) if part)

    @property
    def hint(self) -> Hint | None:
        """The next step, where the failure is a known one."""
        return explain(str(self))[1]


Validations = tuple[Validation, ...] | Unknown


def read(aws: Aws, change_set_id: str) -> Validations:
    """Every check that did not pass, warnings included; Unknown where they could not be read."""
    return _read(aws, lambda: change_set_events(aws, change_set_id))


def read_of_stack(aws: Aws, stack_id: str) -> Validations:
    """The checks that refused the stack's newest operation; Unknown where they could not be read."""
    return _read(aws, lambda: failed_events(aws, stack_id))


def _read(aws: Aws, attempt: Callable[[], Iterable[Mapping[str, Any]]]) -> Validations:
    if not aws.supports("cloudformation", "DescribeEvents"):
        return Unknown("this version of boto3 cannot read them", advise(JudgementAdvice.UPGRADE_BOTO3))
    events = read_or_unknown(PERMISSION, attempt)
    if isinstance(events, Unknown):
        return events
    return tuple(dict.fromkeys(check for event in events if (check := _validation(event))))


def _validation(event: Mapping[str, Any]) -> Validation | None:
    """A check or a hook that did not pass; None for any other event."""
    where = (event.get("LogicalResourceId", ""), event.get("ValidationPath", ""))
    if event.get("ValidationStatus"):
        name = event.get("ValidationName", "VALIDATION")
        reason = event.get("ValidationStatusReason", "")
        return Validation(name, event["ValidationStatus"], event.get("ValidationFailureMode", ""), reason, *where)
    if event.get("HookStatus") in ("HOOK_COMPLETE_FAILED", "HOOK_FAILED"):
        name = event.get("HookType", "HOOK")
        return Validation(name, "FAILED", event.get("HookFailureMode", ""), event.get("HookStatusReason", ""), *where)
    return None
