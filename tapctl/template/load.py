"""From a path, or standard input, to a template."""

import json
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.template.model import Template, check
from tapctl.template.parse import parse

MAX_BYTES = 16 * 1024 * 1024
"""CloudFormation takes at most 1 MB; what is far beyond is not read at all."""


def load(path: str) -> Template:
    """Read the template at `path`; `-` is standard input, a `cdk.out` folder stands for its one stack.

    Raises `TemplateError` (exit 2) when there is no such file, it is not a regular file, or it is not a template.
    """
    if path != "-" and _is_folder(Path(path)):
        path = str(_synthesised(Path(path)))
    name = "<stdin>" if path == "-" else path
    source = parse(_decode(_read_stdin() if path == "-" else _read_file(Path(path)), name), name)
    return check(Template(source, source.value))


def from_stack(body: Mapping[str, Any] | str, name: str) -> Template:
    """The template that a stack runs, as GetTemplate answers it: a map where it is JSON, else its text.

    Raises `TemplateError` when it is not a template.
    """
    source = parse(body if isinstance(body, str) else json.dumps(body), f"the running template of {name}")
    return check(Template(source, source.value))


def _synthesised(folder: Path) -> Path:
    """The template in a `cdk.out` folder. Raises `TemplateError` when there is not exactly one."""
    manifest = folder / "manifest.json"
    try:
        artifacts = json.loads(manifest.read_bytes()).get("artifacts", {}).values()
        templates = [
            each["properties"]["templateFile"] for each in artifacts if each["type"] == "aws:cloudformation:stack"
        ]
    except FileNotFoundError:
        raise TemplateError("is a folder, not a template", "name the template file in it", file=str(folder)) from None
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise TemplateError("is no manifest of a CDK app", "`cdk synth` writes one", file=str(manifest)) from None
    if len(templates) != 1:
        names = ", ".join(str(folder / name) for name in sorted(templates))
        raise TemplateError(f"holds {len(templates)} stacks", f"name one: {names or 'none'}", file=str(folder))
    return folder / str(templates[0])


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # reading it will say why


def _read_stdin() -> bytes:
    return _bounded(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")


def _read_file(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise TemplateError("is not a regular file", "pipe it instead: `… | tapctl preflight -`", file=str(path))
        with path.open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1), str(path))
    except FileNotFoundError:
        raise TemplateError(
            "no such file",
            "name the template as an argument, with `--template`, or as `template` in tapctl.toml",
            file=str(path),
        ) from None
    except (OSError, ValueError) as error:
        raise TemplateError(f"cannot be read: {error}", file=str(path)) from None


def _bounded(data: bytes, file: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise TemplateError("is larger than 16 MiB; CloudFormation takes at most 1 MB", "split the stack", file=file)
    return data


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"is not UTF-8 text (byte {error.start})", "save it as UTF-8, or name the template file", file=file
        ) from None
