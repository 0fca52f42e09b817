"""Checks of a stack's outputs and exports, and of the patterns in `[verify.outputs]`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tapctl.aws import lookups
from tapctl.aws.errors import read_or_unknown
from tapctl.aws.session import Aws
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import DeployedStack
from tapctl.verify.http import Route, direct

_REF_FORMATS = {
    "AWS::KMS::Key": (re.compile(r"(mrk-)?[0-9a-f-]{32,36}"), "a key id"),
    "AWS::SNS::Topic": (re.compile(r"arn:[\w-]+:sns:\S+"), "a topic ARN"),
    "AWS::SQS::Queue": (re.compile(r"https?://\S+"), "a URL"),
}
"""The format of Ref for resource types where it is not a name."""

_ARN = (re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+"), "an ARN")
_URL = (re.compile(r"(https?|wss?)://\S+"), "a URL")


def check_outputs(stack: DeployedStack, route: Route = direct) -> Iterator[Check]:
    """One check an output of the template; an output whose condition is false must be absent.

    A URL may be the one to which `route` leads.
    """
    for key, output in stack.template.outputs.items():
        subject = f"output {stack.prefix}{key}"
        exists = stack.resolver.exists(output.get("Condition"), ("Outputs", key))
        if isinstance(exists, Unknown):
            yield Check(subject, CheckStatus.NOT_CHECKED, f"cannot evaluate its condition: {exists.reason}")
        elif exists:
            yield _check_output(stack, key, output, route)
        elif key in stack.outputs:
            yield Check(subject, CheckStatus.FAILED, "present although its condition is false")


def _check_output(stack: DeployedStack, key: str, output: Any, route: Route) -> Check:
    subject, value = f"output {stack.prefix}{key}", stack.outputs.get(key)
    if value is None:
        return Check(subject, CheckStatus.FAILED, "missing", advise(DeployAdvice.CHECK_LAST_UPDATE))
    if not value:
        return Check(subject, CheckStatus.FAILED, "empty")
    if "Export" in output and key not in stack.exports:
        return Check(subject, CheckStatus.FAILED, "not exported")
    if problem := _wrong_value(stack, output.get("Value"), value, route):
        return Check(subject, CheckStatus.FAILED, f"{value}, {problem}")
    exported = f", exported as {stack.exports[key]}" if key in stack.exports else ""
    return Check(subject, CheckStatus.PROVED, f"{value}{exported}")


def _wrong_value(stack: DeployedStack, source: Any, value: str, route: Route) -> str | None:
    """The value or format that the output should have; its `Value` is compared where it resolves, else the format."""
    expected = stack.resolver.value(source, ("Outputs",))
    match source:
        case {"Ref": str(name)} if name in stack.physical_ids:
            if expected != value:
                return f"expected {expected}, the id of {name}"
            return _wrong_format(_REF_FORMATS.get(stack.template.body["Resources"][name]["Type"]), value)
        case _ if not isinstance(expected, Unknown):
            text = as_text(expected)
            return None if value in (text, _routed(text, route)) else f"expected {text}"
        case {"Fn::GetAtt": [str(), str(attribute)]}:
            url = attribute.endswith(("Endpoint", "Url"))
            return _wrong_format(_ARN if attribute.endswith("Arn") else _URL if url else None, value)
        case {"Fn::Sub": str(text)} if text.startswith(("https://", "http://")):
            return _wrong_format(_URL, value)
        case _:
            return None


def _routed(text: str, route: Route) -> str:
    try:
        return route(text)[0]
    except UsageError:
        return text


def _wrong_format(value_format: tuple[re.Pattern[str], str] | None, value: str) -> str | None:
    return None if value_format is None or value_format[0].fullmatch(value) else f"expected {value_format[1]}"


def check_exports(aws: Aws, stacks: Iterable[DeployedStack]) -> Iterator[Check]:
    """One check an export, as ListExports returns it to other stacks; no call without exports."""
    exporting = [stack for stack in stacks if stack.exports]
    if not exporting:
        return
    exports = read_or_unknown(lookups.LIST_EXPORTS, lambda: lookups.exports(aws))
    if isinstance(exports, Unknown):
        yield Check("exports", CheckStatus.NOT_CHECKED, exports.reason, exports.resolution)
        return
    by_name = {export.name: export for export in exports}
    for stack in exporting:
        for key, name in stack.exports.items():
            problem = _wrong_export(stack, key, name, by_name.get(name))
            status = CheckStatus.FAILED if problem else CheckStatus.PROVED
            yield Check("exports", status, f"{name} {problem or 'can be imported'}", detail=True)


def _wrong_export(stack: DeployedStack, key: str, name: str, export: lookups.Export | None) -> str | None:
    source = stack.template.outputs.get(key, {}).get("Export", {}).get("Name")
    expected = stack.resolver.value(source, ("Outputs", key, "Export"))
    if source is not None and not isinstance(expected, Unknown) and as_text(expected) != name:
        return f"is the export name of output {key}, expected {as_text(expected)}"
    if export is None:
        return "is not exported by any stack"
    if export.stack_id != stack.id:
        return f"is exported by {export.stack_id}"
    if export.value != stack.outputs.get(key):
        return f"is exported as {export.value}, but output {key} is {stack.outputs.get(key)}"
    return None


def check_patterns(patterns: Mapping[str, re.Pattern[str]], stack: DeployedStack) -> Iterator[Check]:
    """`[verify.outputs]`: the whole value of an output must match its pattern."""
    for name, pattern in patterns.items():
        subject, value = f"output {name}", stack.outputs.get(name)
        if value is None:
            message = f"the stack has no output {name}, which [verify.outputs] names"
            yield Check(subject, CheckStatus.FAILED, message, permanent=True)
        elif pattern.fullmatch(value):
            yield Check(subject, CheckStatus.PROVED, f"matches `{pattern.pattern}`")
        else:
            yield Check(subject, CheckStatus.FAILED, f"{value} does not match `{pattern.pattern}`")
