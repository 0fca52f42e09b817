"""Every output that the template declares: there, not empty, of the form that its source gives, and exported."""

import re
from collections.abc import Iterator
from typing import Any

from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import Deployed

_REF_FORMS = {
    "AWS::KMS::Key": (re.compile(r"(mrk-)?[0-9a-f-]{32,36}"), "a key id"),
    "AWS::SNS::Topic": (re.compile(r"arn:[\w-]+:sns:\S+"), "an ARN of SNS"),
    "AWS::SQS::Queue": (re.compile(r"https?://\S+"), "a URL"),
}
"""What Ref gives where that is not a name."""

_ARN = (re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+"), "an ARN")
_URL = (re.compile(r"(https?|wss?)://\S+"), "a URL")


def check_outputs(deployed: Deployed) -> Iterator[Check]:
    """One check an output; those whose condition does not hold must be absent."""
    resolver = deployed.resolver
    for key, declared in deployed.template.outputs.items():
        subject = f"output {key}"
        exists = resolver.exists(declared.get("Condition"), ("Outputs", key))
        if isinstance(exists, Unknown):
            yield Check(subject, CheckStatus.NOT_CHECKED, f"whether it should be there is not known: {exists.reason}")
        elif exists:
            yield _check_one(deployed, key, declared)
        elif key in deployed.outputs:
            yield Check(subject, CheckStatus.FAILED, "it is there although its condition does not hold")


def _check_one(deployed: Deployed, key: str, declared: Any) -> Check:
    subject, value = f"output {key}", deployed.outputs.get(key)
    if value is None:
        return Check(subject, CheckStatus.FAILED, "it is missing", "look at the stack's last update")
    if not value:
        return Check(subject, CheckStatus.FAILED, "it is empty")
    if "Export" in declared and key not in deployed.exports:
        return Check(subject, CheckStatus.FAILED, "it is not exported")
    exported = f", exported as {deployed.exports[key]}" if key in deployed.exports else ""
    problem = _wrong_value(deployed, declared.get("Value"), value)
    if problem:
        return Check(subject, CheckStatus.FAILED, f"{value} {problem}")
    return Check(subject, CheckStatus.PROVED, f"{value}{exported}")


def _wrong_value(deployed: Deployed, source: Any, value: str) -> str | None:
    """What is wrong with a value, as far as its source says what it should be; at least its form."""
    wanted = deployed.resolver.value(source, ("Outputs",))
    match source:
        case {"Ref": str(name)} if name in deployed.physical:
            if wanted != value:
                return f"is not {name}, which is {wanted}"
            return _against(_REF_FORMS.get(deployed.template.body["Resources"][name]["Type"]), value)
        case _ if not isinstance(wanted, Unknown):
            return None if as_text(wanted) == value else f"is not {as_text(wanted)}"
        case {"Fn::GetAtt": [str(), str(attribute)]}:
            form = _ARN if attribute.endswith("Arn") else _URL if attribute.endswith(("Endpoint", "Url")) else None
            return _against(form, value)
        case {"Fn::Sub": str(text)} if text.startswith(("https://", "http://")):
            return _against(_URL, value)
        case _:
            return None


def _against(form: tuple[re.Pattern[str], str] | None, value: str) -> str | None:
    return None if form is None or form[0].fullmatch(value) else f"is not {form[1]}"
