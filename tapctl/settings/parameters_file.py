"""Parameters in files of other tools: JSON as the AWS CLI and CodePipeline take it, samconfig.toml and cdk.json."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError, UsageError
from tapctl.state.files import read_bytes
from tapctl.template.parameters import as_text
from tapctl.unknown import Unknown

PREVIOUS = Unknown("it keeps the value of the stack", "give a value, or name the stack")
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
        raise UsageError(f"cannot read {path}: {error.strerror}", "give a JSON file of parameters") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", 'for example {"Stage": "dev"}') from None
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
            raise UsageError(f"{path} contains no parameters", 'for example {"Stage": "dev"}')


def _texts(kind: str, entries: Mapping[str, object] | None, path: Path) -> dict[str, str]:
    return {name: _text(f"{kind} {name}", value, path) for name, value in (entries or {}).items()}


def _text(subject: str, value: object, where: Path | str) -> str:
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        raise UsageError(f"{where}: {subject} is an object, not a value", 'for example {"Stage": "dev"}')
    return ",".join(map(as_text, parts))


def _pair(entry: object, where: str) -> tuple[str, str | Unknown]:
    """One parameter. An invalid entry is not printed, since it may hold a secret."""
    match entry:
        case {"ParameterKey": str(name), "ParameterValue": value}:
            return name, _text(f"parameter {name}", value, where)
        case {"ParameterKey": str(name), "UsePreviousValue": True}:
            return name, PREVIOUS
        case str(text) if "=" in text:
            name, _, value = text.partition("=")
            return name, value
        case _:
            example = '{"ParameterKey": "Stage", "ParameterValue": "dev"}'
            hint = f"for example {example}" if isinstance(entry, dict) else f'for example "Stage=dev", or {example}'
            raise UsageError(f"{where}: not a parameter", hint)


# ---------------------------------------------------------------------------------------------------------------------
# What `tapctl init` starts from
# ---------------------------------------------------------------------------------------------------------------------

SAM, CDK = "samconfig.toml", "cdk.json"

MAX_BYTES = 1024 * 1024
"""Of a file of another tool; each is far smaller."""

MAX_FILES = 200
"""Of a folder that are opened to see what they are."""

PARAMETER_FOLDERS = ("", "parameters", "params", "config", "environments", "env")


@dataclass(frozen=True, slots=True)
class Env:
    """An environment of another tool's configuration, as tapctl.toml has it; `stack` is its stack's name."""

    values: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    stack: str = ""
    source: str = ""


_SAM_KEYS = {"region": "region", "profile": "profile", "role_arn": "role_arn", "s3_bucket": "artifact_bucket"}
"""Keys of samconfig.toml, and those of [env.NAME] that mean the same."""

_SAM_LISTS = {"capabilities": "capabilities", "notification_arns": "notification_arns"}

_SAM_IGNORED = {"stack_name", "parameter_overrides", "tags", "template", "template_file", "confirm_changeset",
                "resolve_s3", "s3_prefix", "cached", "parallel", "lint", "watch", "warm_containers",
                "disable_rollback", "fail_on_empty_changeset", "image_repositories"}  # fmt: skip
"""What is read in another way, or what tapctl does by itself."""


def sam_config(path: Path) -> Iterator[tuple[str, dict[str, Env], str]]:
    """The template, the environments and what is left over of samconfig.toml.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
    """
    tables = {name: entry for name, entry in _toml(path).items() if isinstance(entry, dict)}
    for name, table in tables.items():
        values: dict[str, Any] = {}
        for command in ("global", "validate", "build", "deploy"):
            values |= _mapping(_mapping(table.get(command)).get("parameters"))
        own = {key: values[old] for old, key in _SAM_KEYS.items() if isinstance(values.get(old), str)}
        own |= {key: _words(values[old]) for old, key in _SAM_LISTS.items() if old in values}
        env = Env(own, _pairs(values.get("parameter_overrides")), _pairs(values.get("tags")),
                  str(values.get("stack_name", "")), SAM)  # fmt: skip
        left = sorted(values.keys() - _SAM_KEYS.keys() - _SAM_LISTS.keys() - _SAM_IGNORED)
        note = f"{SAM}, {name}: {', '.join(left)}" if left else ""
        if own or env.parameters or env.stack:
            yield str(values.get("template_file") or values.get("template") or ""), {name: env}, note


def cdk_config(path: Path) -> Iterator[tuple[str, dict[str, Env], str]]:
    """The cloud assembly, and what `cdk deploy` takes from cdk.json.

    https://docs.aws.amazon.com/cdk/v2/guide/cli.html
    """
    try:
        content = _mapping(json.loads(read_bytes(path, MAX_BYTES)))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"cannot read {path}: {error}", "correct it, or move it away") from None
    own: dict[str, Any] = {key: content[old] for old, key in (("profile", "profile"), ("roleArn", "role_arn"))
                           if isinstance(content.get(old), str)}  # fmt: skip
    if isinstance(arns := content.get("notificationArns"), list):
        own["notification_arns"] = [str(arn) for arn in arns]
    tags = {
        str(tag["Key"]): str(tag["Value"]) for tag in content.get("tags") or () if {"Key", "Value"} <= {*_mapping(tag)}
    }
    output = content.get("output")
    envs = {"default": Env(own, {}, tags, "", CDK)} if own or tags else {}
    yield (output if isinstance(output, str) else "cdk.out"), envs, ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bytes(path, MAX_BYTES).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"cannot read {path}: {error}", "correct it, or move it away") from None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> list[str]:
    return [str(word) for word in (value if isinstance(value, list) else str(value).split())]


_PAIR = re.compile(r"""([\w:.-]+)=("(?:\\.|[^"\\])*"|'[^']*'|\S*)""")


def _pairs(value: object) -> dict[str, str]:
    """Parameters or tags as SAM takes them: `A=1 B="two words"`, a list of such, or a table."""
    if isinstance(value, dict):
        return {str(key): str(entry) for key, entry in value.items()}
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return {name: _unquoted(quoted) for name, quoted in _PAIR.findall(text)}


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] in "\"'" and text[0] == text[-1] else text


def files_of(folder: Path, *suffixes: str) -> list[Path]:
    """The regular files of a folder with one of the suffixes, in order; none of a folder that cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in suffixes and path.is_file())[:MAX_FILES]
    except OSError:
        return []


def with_files(folder: Path, envs: Mapping[str, Env], declared: set[str]) -> dict[str, Env]:
    """The environments with those that parameter files give, by their names: params-prod.json, prod.json."""
    found = dict(envs)
    for inner in PARAMETER_FOLDERS:
        for path in files_of(folder / inner, ".json"):
            try:
                values = read(path)
            except TapctlError:
                continue
            known = {
                name: value for name, value in values.parameters.items() if name in declared and isinstance(value, str)
            }
            if not known or len(known) < len(values.parameters):
                continue
            words = [
                word
                for word in re.split(r"[._-]", path.stem)
                if word.lower() not in ("parameters", "params", "parameter")
            ]
            name = "-".join(words) or "default"
            before = found.get(name, Env())
            source = " and ".join(filter(None, [before.source, str(path.relative_to(folder))]))
            found[name] = replace(before, parameters={**before.parameters, **known},
                                  tags={**before.tags, **values.tags}, source=source)  # fmt: skip
    return found
