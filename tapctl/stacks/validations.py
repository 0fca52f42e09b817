"""What CloudFormation's own checks said of a change set before anything was executed.

A failed check of mode WARN leaves the set executable and is told nowhere but here.
Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.session import knows, readable
from tapctl.unknown import Unknown

PERMISSION = "cloudformation:DescribeEvents"


@dataclass(frozen=True, slots=True)
class Validation:
    """One check that did not pass: `status` is FAILED or SKIPPED, `mode` FAIL or WARN.

    `path` is a JSON pointer into the template. Names are shown as AWS gives them; they differ from those of
    its documentation.
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
        """Whether it is AWS's own verdict on what tapctl judges, too."""
        return "QUOTA" in self.name.upper()

    def __str__(self) -> str:
        """What was checked, where, and what came out, in one line."""
        where = " ".join(part for part in (self.logical_id, self.path) if part)
        return ": ".join(part for part in (where, self.name, self.reason.strip().rstrip(".")) if part)


Validations = tuple[Validation, ...] | Unknown


def read(client: Any, change_set_id: str) -> Validations:
    """Every check that did not pass, warnings among them; Unknown where they could not be read."""
    if not knows(client, "DescribeEvents"):
        return Unknown("this version of boto3 cannot read them", "`pip install --upgrade boto3`")

    def pages() -> list[dict[str, Any]]:
        # Unfiltered: nobody says whether FailedEvents leaves warnings in.
        return list(client.get_paginator("describe_events").paginate(ChangeSetName=change_set_id))

    found = readable(PERMISSION, pages)
    if isinstance(found, Unknown):
        return found
    told = (_validation(each) for page in found for each in page.get("OperationEvents", ()))
    return tuple(dict.fromkeys(each for each in told if each))


def _validation(event: Mapping[str, Any]) -> Validation | None:
    """A check or a hook that did not pass; None for whatever else happened."""
    where = (event.get("LogicalResourceId", ""), event.get("ValidationPath", ""))
    if event.get("ValidationStatus"):
        name = event.get("ValidationName", "VALIDATION")
        reason = event.get("ValidationStatusReason", "")
        return Validation(name, event["ValidationStatus"], event.get("ValidationFailureMode", ""), reason, *where)
    if event.get("HookStatus") in ("HOOK_COMPLETE_FAILED", "HOOK_FAILED"):
        name = event.get("HookType", "HOOK")
        return Validation(name, "FAILED", event.get("HookFailureMode", ""), event.get("HookStatusReason", ""), *where)
    return None
