"""Reads a template from a path or from standard input."""

import json
import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Advice, advise
from tapctl.template import cloud_assembly
from tapctl.template.model import Source, Template, check
from tapctl.template.parse import parse

STDIN = "<stdin>"
"""The file name of a template from standard input."""

MAX_BYTES = 16 * 1024 * 1024
"""CloudFormation accepts at most 1 MB; a file that is far larger is not read."""


def load(path: str) -> Template:
    """The template at `path`; `-` is standard input, and a `cdk.out` folder stands for its one stack.

    Raises `TemplateError` when the file does not exist, is not a regular file, or is not a template.
    """
    if path != "-" and _is_folder(Path(path)):
        path = str(_synthesised(Path(path)))
    source = parse(_decode(_read_stdin(), STDIN), STDIN) if path == "-" else read_source(Path(path))
    if (Path(path).parent / cloud_assembly.MANIFEST).exists():
        source = replace(source, construct=cloud_assembly.construct_of(Path(path)))
    return check(Template(source, source.value))


def newer_build(template: Template) -> Template | None:
    """The template that a build wrote, if it is newer than its source and has the same resources."""
    source = Path(template.file)
    build = source.parent / ".aws-sam" / "build" / "template.yaml"
    try:
        if build.stat().st_mtime_ns <= source.stat().st_mtime_ns:
            return None
        built = load(str(build))
    except (OSError, TemplateError):
        return None
    return built if {*built.body["Resources"]} == {*template.body["Resources"]} else None


def read_source(file: Path) -> Source:
    """The text and the value of any YAML or JSON file, with the bounds of a template.

    Raises `TemplateError` when it cannot be read.
    """
    return parse(_decode(_read_file(file), str(file)), str(file))


def from_stack(body: Mapping[str, Any] | str, name: str) -> Template:
    """The deployed template of a stack from GetTemplate's TemplateBody: a map for JSON, else the text.

    Raises `TemplateError` when it is not a template.
    """
    source = parse(body if isinstance(body, str) else json.dumps(body), f"the deployed template of {name}")
    return check(Template(source, source.value))


def _synthesised(folder: Path) -> Path:
    """The template file of a `cdk.out` folder. Raises `TemplateError` unless it has exactly one stack."""
    found = cloud_assembly.stacks(folder)
    if len(found) != 1:
        hint = f"name one of them: {', '.join(map(str, found))}" if found else None
        raise TemplateError(f"contains {len(found)} stacks", hint, file=str(folder))
    return found[0].template


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # reading it reports why


def _read_stdin() -> bytes:
    return _bounded(sys.stdin.buffer.read(MAX_BYTES + 1), STDIN)


def _read_file(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise TemplateError("is not a regular file", advise(Advice.PIPE_TEMPLATE), file=str(path))
        with path.open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1), str(path))
    except FileNotFoundError:
        raise TemplateError("no such file", advise(Advice.NAME_TEMPLATE), file=str(path)) from None
    except (OSError, ValueError) as error:
        raise TemplateError(f"cannot be read: {error}", file=str(path)) from None


def _bounded(data: bytes, file: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise TemplateError("is larger than 16 MiB; CloudFormation accepts at most 1 MB", "split the stack", file=file)
    return data


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"is not UTF-8 text (byte {error.start})", "save it as UTF-8, or name the template file", file=file
        ) from None
