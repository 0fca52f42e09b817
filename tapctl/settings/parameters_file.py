"""Parameters in a JSON file, as the AWS CLI and CodePipeline take it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state.files import read_bytes
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown

_EXAMPLE = advise(UsageAdvice.FOR_EXAMPLE, '{"Stage": "dev"}')
PREVIOUS = Unknown("it keeps the value of the stack", advise(UsageAdvice.GIVE_VALUE_OR_STACK))
"""The value of a parameter with `UsePreviousValue`."""


@dataclass(frozen=True, slots=True)
class ParametersFile:
    """The parameters, `PREVIOUS` for `UsePreviousValue`, and the stack's tags, which CodePipeline's form may have."""

    parameters: Mapping[str, str | Unknown] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> ParametersFile:
    """An object of values, a list of ParameterKey and ParameterValue or of KEY=VALUE, or CodePipeline's object.

    Source of the last: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
    """
    try:
        content = json.loads(read_bytes(path).decode())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", advise(UsageAdvice.GIVE_PARAMETERS_FILE)) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", _EXAMPLE) from None
    match content:
        # No parameter has an object for its value.
        case {"Parameters": dict()} | {"Tags": dict()} | {"StackPolicy": dict()}:
            return ParametersFile(
                _texts("parameter", content.get("Parameters"), path), _texts("tag", content.get("Tags"), path)
            )
        case dict(entries):
            return ParametersFile(_texts("parameter", entries, path))
        case [*entries]:
            return ParametersFile(
                dict(_pair(entry, f"{path}, entry {number}") for number, entry in enumerate(entries, 1))
            )
        case _:
            raise UsageError(f"{path} contains no parameters", _EXAMPLE)


def _texts(kind: str, entries: Mapping[str, object] | None, path: Path) -> dict[str, str]:
    return {name: _text(f"{kind} {name}", value, path) for name, value in (entries or {}).items()}


def _text(subject: str, value: object, where: Path | str) -> str:
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        raise UsageError(f"{where}: {subject} is an object, not a value", _EXAMPLE)
    return ",".join(map(as_text, parts))


def _pair(entry: object, where: str) -> tuple[str, str | Unknown]:
    """One parameter. An invalid entry is not printed, since it may hold a secret."""
    match entry:
        case {"ParameterKey": str(name), "UsePreviousValue": True, **more}:
            if more.get("ParameterValue"):
                both = f"{where}: parameter {name} has a ParameterValue and UsePreviousValue"
                raise UsageError(both, advise(UsageAdvice.LEAVE_VALUE_OUT))
            return name, PREVIOUS
        case {"ParameterKey": str(name), "ParameterValue": value}:
            return name, _text(f"parameter {name}", value, where)
        case str(text) if "=" in text:
            name, _, value = text.partition("=")
            return name, value
        case _:
            example = '{"ParameterKey": "Stage", "ParameterValue": "dev"}'
            examples = example if isinstance(entry, dict) else f'"Stage=dev", or {example}'
            raise UsageError(f"{where}: not a parameter", advise(UsageAdvice.FOR_EXAMPLE, examples))
