"""The environments that other tools are configured for: samconfig.toml, cdk.json, and files of parameters."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings import parameters_file
from tapctl.state.files import read_bytes

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
        raise UsageError(f"cannot read {path}: {error}", advise(UsageAdvice.CORRECT_OR_MOVE)) from None
    own: dict[str, Any] = {key: content[old] for old, key in (("profile", "profile"), ("roleArn", "role_arn"))
                           if isinstance(content.get(old), str)}  # fmt: skip
    if isinstance(arns := content.get("notificationArns"), list):
        own["notification_arns"] = [str(arn) for arn in arns]
    listed = tags if isinstance(tags := content.get("tags"), list) else []
    named = {str(tag["Key"]): str(tag["Value"]) for tag in map(_mapping, listed) if {"Key", "Value"} <= tag.keys()}
    output = content.get("output")
    envs = {"default": Env(own, {}, named, "", CDK)} if own or named else {}
    yield (output if isinstance(output, str) else "cdk.out"), envs, ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_bytes(path, MAX_BYTES).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"cannot read {path}: {error}", advise(UsageAdvice.CORRECT_OR_MOVE)) from None


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
                values = parameters_file.read(path)
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
