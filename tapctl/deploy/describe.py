"""A finished change set, read whole: every page, the values of properties, and the sets of nested stacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from tapctl.aws import knows
from tapctl.deploy.changes import Change, parsed
from tapctl.deploy.secrecy import Secrets

INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data"
"""What a set's reason holds when asking for values left resources out: https://github.com/aws/aws-cdk-cli/issues/1780"""


def describe(client: Any, change_set: str, *, values: bool = True, **more: str) -> dict[str, Any]:
    """One page of one change set, named by its ARN; with the values of properties where botocore can ask for them."""
    asked = values and knows(client, "DescribeChangeSet", "IncludePropertyValues")
    extra: dict[str, Any] = {"IncludePropertyValues": True} if asked else {}
    found: dict[str, Any] = client.describe_change_set(ChangeSetName=change_set, **extra, **more)
    return found


def changes(client: Any, change_set: str, first: Mapping[str, Any], secrets: Secrets) -> tuple[Change, ...]:
    """Every change of a set whose first page was read already."""
    entries = _entries(client, change_set, first, values=True)
    if INCOMPLETE in first.get("StatusReason", ""):
        whole = _entries(client, change_set, describe(client, change_set, values=False), values=False)
        entries = _merged(whole, entries)
    return tuple(parsed(each, _nested(client, each, secrets), secrets) for each in entries)


def _entries(client: Any, change_set: str, first: Mapping[str, Any], *, values: bool) -> list[Mapping[str, Any]]:
    pages = [first]
    while token := pages[-1].get("NextToken"):
        pages.append(describe(client, change_set, values=values, NextToken=token))
    return [each["ResourceChange"] for page in pages for each in page["Changes"] if "ResourceChange" in each]


def _merged(whole: Sequence[Mapping[str, Any]], detailed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Every change, with its values where they were told."""
    known = {each["LogicalResourceId"]: each for each in detailed}
    return [known.get(each["LogicalResourceId"], each) for each in whole]


def _nested(client: Any, entry: Mapping[str, Any], secrets: Secrets) -> tuple[Change, ...]:
    """What the nested stack's own set would do; one without changes has none."""
    change_set = entry.get("ChangeSetId")
    return changes(client, change_set, describe(client, change_set), secrets) if change_set else ()
