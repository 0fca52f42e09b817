"""Why an instance of a stack set failed, from the reason that StackSets gives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tapctl.account.floor_cache import floor_in_error
from tapctl.hints import Hint, advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.failures import FailureAdvice
from tapctl.stacks.causes import explain, unwrapped
from tapctl.stacks.causes.cause import Cause

_REASON = re.compile(
    r"ResourceLogicalId:(?P<name>[^,]*), ResourceType:[^,]*, ResourceStatusReason:(?P<words>.*?)\.?$", re.DOTALL
)
"""How StackSets words the failure of a resource: https://github.com/aws-solutions/quota-monitor-for-aws/issues/97"""


_CAUSES = (
    Cause(
        r"should have '?(?P<role>[\w+=,.@/-]+)'? role with trust relationship to"
        r" (?:Role )?'?(?P<trusted>[\w+=,.@:/-]*\w(?: service)?)",
        "",
        FailureAdvice.CREATE_TRUSTING_ROLE,
        ("role", "trusted"),
    ),
    Cause(
        r"Region (?P<region>[a-z\d-]+) is (?:not enabled|disabled)",
        "",
        FailureAdvice.ENABLE_OR_LIST_REGIONS,
        ("region",),
    ),
    Cause(
        r"^(?!.*already exists in stack ).*(?:already exists|AlreadyExists|BucketAlreadyOwnedByYou)",
        "a resource of that name exists outside this stack",
        FailureAdvice.RENAME_OR_DELETE_OTHER,
    ),
    Cause(r"^Cancelled since ", "", FailureAdvice.CORRECT_EARLIER),
)
"""What StackSets says itself, and failures whose next step is another one than for a stack."""


@dataclass(frozen=True, slots=True)
class InstanceFailure:
    """Why an instance failed: in a sentence, and what to do about it."""

    sentence: str
    hint: Hint | None = None


def cause(reason: str) -> InstanceFailure:
    """The meaning of a failed instance's reason, without request ids."""
    matched = _REASON.match(reason)
    words = (unwrapped(matched["words"]) if matched else reason).rstrip(".") or "StackSets gives no reason"
    named = f"{matched['name']}: " if matched else ""
    meaning, hint = explain(reason, first=_CAUSES)
    if floor_in_error(reason) is not None:
        hint = advise(DeployAdvice.RUN_AGAIN_WITH_MINIMUM)
    return InstanceFailure(f"{named}{words}{f'; that is, {meaning}' if meaning else ''}", hint)
