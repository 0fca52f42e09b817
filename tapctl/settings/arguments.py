"""Parse KEY=VALUE options, lookups, capabilities and parameter files.

Each function raises `UsageError` that names the invalid part.
"""

import json
from pathlib import Path
from typing import Literal, get_args

from tapctl.errors import UsageError
from tapctl.template.parameters import as_text

Capability = Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def pairs(given: tuple[str, ...], option: str, example: str) -> dict[str, str]:
    """The values of a KEY=VALUE option by their keys."""
    values = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"`{option} {pair}` is not KEY=VALUE", f"for example `{option} {example}`")
        values[name] = value
    return values


def capabilities(given: tuple[str, ...]) -> tuple[str, ...]:
    """The capabilities of `--capability`."""
    known = get_args(Capability)
    for capability in given:
        if capability not in known:
            raise UsageError(f"`{capability}` is not a capability", f"use one of {', '.join(known)}")
    return given


def lookups(given: tuple[str, ...]) -> dict[str, str]:
    """The values of `--resolve` by `ssm:/name` or `import:Name`."""
    values = {}
    for lookup in given:
        key, equals, value = lookup.partition("=")
        if not equals or not key.startswith(("ssm:", "import:")) or key.endswith(":"):
            raise UsageError(
                f"`--resolve {lookup}` is neither ssm:NAME=VALUE nor import:NAME=VALUE",
                "for example `--resolve ssm:/limits/orders=5`",
            )
        values[key] = value
    return values


def parameters_file(path: Path) -> dict[str, str]:
    """A JSON file as the AWS CLI takes it: an object, a list of ParameterKey and ParameterValue, or of KEY=VALUE."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "give a JSON file of parameters") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", 'for example {"Stage": "dev"}') from None
    match content:
        case {"Parameters": dict(entries)} | dict(entries):
            return {name: _file_text(name, value, path) for name, value in entries.items()}
        case [*entries]:
            return dict(_pair(entry, f"{path}, entry {number}") for number, entry in enumerate(entries, 1))
        case _:
            raise UsageError(f"{path} contains no parameters", 'for example {"Stage": "dev"}')


def _file_text(name: str, value: object, where: Path | str) -> str:
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        raise UsageError(f"{where}: parameter {name} is an object, not a value", 'for example {"Stage": "dev"}')
    return ",".join(map(as_text, parts))


def _pair(entry: object, where: str) -> tuple[str, str]:
    """One parameter. An invalid entry is not printed, since it may hold a secret."""
    match entry:
        case {"ParameterKey": str(name), "ParameterValue": value}:
            return name, _file_text(name, value, where)
        case str(text) if "=" in text:
            name, _, value = text.partition("=")
            return name, value
        case _:
            example = '{"ParameterKey": "Stage", "ParameterValue": "dev"}'
            hint = f"for example {example}" if isinstance(entry, dict) else f'for example "Stage=dev", or {example}'
            raise UsageError(f"{where}: not a parameter", hint)
