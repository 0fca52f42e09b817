"""The templates of stack sets, with their parameters and capabilities."""

import re
from collections.abc import Iterable, Mapping

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.extension.query import ApiError, invalid

NESTED = "AWS::CloudFormation::Stack"


def parsed(body: str) -> Record:
    """The template of a text. Raises `ApiError` for one that cannot be read."""
    try:
        template: Record = patches.PARSE_TEMPLATE.get()(body)
    except Exception as error:
        raise invalid(f"Template format error: {error}") from error
    return template


def given(request: Record) -> tuple[str, Record]:
    """The text and the content of a request's template. Raises `ApiError`."""
    params = {name: [request[name]] for name in ("TemplateBody", "TemplateURL") if request.get(name)}
    if len(params) != 1:
        raise invalid("Either Template URL or Template Body must be specified.")
    body, refusal = patches.READ_TEMPLATE.get()(params)
    if refusal:
        message = re.search(rb"<Message>(.*?)</Message>", refusal[2], re.DOTALL)
        raise invalid(message[1].decode() if message else "Template format error")
    return body, parsed(body)


def parameters(
    template: Record, entries: Iterable[tuple[str, str | None]], previous: Mapping[str, str] | None, *, keep: bool
) -> dict[str, str]:
    """The value of each declared parameter. Raises `ApiError` for one without any, and for one that is not declared."""
    declared, wanted, values = template.get("Parameters") or {}, dict(entries), {}
    if unknown := sorted(set(wanted) - set(declared)):
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for name, definition in declared.items():
        kept = (previous or {}).get(name) if keep or name in wanted else None
        value = wanted.get(name)
        value = kept if value is None else value
        value = definition.get("Default") if value is None else value
        if value is not None:
            values[name] = str(value)
    if missing := [name for name in declared if name not in values]:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    return values


def check_capabilities(template: Record, acknowledged: Iterable[str]) -> None:
    """Refuse a template that needs a capability which the request does not acknowledge."""
    required, _ = patches.REQUIRED_CAPABILITIES.get()(template, strict=True)
    known = {*acknowledged}
    if "CAPABILITY_NAMED_IAM" in known:
        known.add("CAPABILITY_IAM")
    if missing := [capability for capability in required if capability not in known]:
        message = f"Requires capabilities : [{', '.join(missing)}]"
        raise ApiError("InsufficientCapabilitiesException", message)


def refuse_transforms(template: Record) -> None:
    """The default roles of a service-managed stack set can use neither macros nor nested stacks."""
    if "CAPABILITY_AUTO_EXPAND" in patches.REQUIRED_CAPABILITIES.get()(template, strict=True)[0]:
        raise invalid("Transform is not supported in SERVICE_MANAGED permission model")
    kinds = {resource.get("Type") for resource in (template.get("Resources") or {}).values()}
    if NESTED in kinds:
        raise invalid(f"{NESTED} is not supported in SERVICE_MANAGED permission model")
