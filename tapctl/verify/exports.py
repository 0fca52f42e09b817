"""Every export of the stack as other stacks see it: there, this stack's, and with the output's value."""

from collections.abc import Iterator
from typing import Any

from tapctl.aws.session import Aws, readable
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import Deployed

SUBJECT = "exports"


def check_exports(aws: Aws, deployed: Deployed) -> Iterator[Check]:
    """Nothing is asked where nothing is exported."""
    if not deployed.exports:
        return
    listed = readable("cloudformation:ListExports", lambda: _listed(aws))
    if isinstance(listed, Unknown):
        yield Check(SUBJECT, CheckStatus.NOT_CHECKED, listed.reason, listed.resolution or None)
        return
    for key, name in deployed.exports.items():
        problem = _problem(deployed, key, name, listed.get(name))
        status = CheckStatus.FAILED if problem else CheckStatus.PROVED
        said = f"{name} {problem}" if problem else f"{name} can be imported"
        yield Check(SUBJECT, status, said, detail=True)


def _listed(aws: Aws) -> dict[str, Any]:
    pages = aws.client("cloudformation").get_paginator("list_exports").paginate()
    return {each["Name"]: each for page in pages for each in page["Exports"]}


def _problem(deployed: Deployed, key: str, name: str, found: Any) -> str | None:
    declared = deployed.template.outputs.get(key, {}).get("Export", {}).get("Name")
    wanted = deployed.resolver.value(declared, ("Outputs", key, "Export"))
    if declared is not None and not isinstance(wanted, Unknown) and as_text(wanted) != name:
        return f"is the name of output {key}, the template says {as_text(wanted)}"
    if found is None:
        return "is exported by no stack"
    if found.get("ExportingStackId") != deployed.id:
        return f"is exported by {found.get('ExportingStackId')}"
    if found.get("Value") != deployed.outputs.get(key):
        return f"is {found.get('Value')}, output {key} is {deployed.outputs.get(key)}"
    return None
