"""Reads a template from a path, from standard input or from another pipe."""

import errno
import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.state.files import read_bytes, read_stdin
from tapctl.template import cloud_assembly
from tapctl.template.model import Source, Template, check
from tapctl.template.parse import parse

STDIN = "<stdin>"
"""The file name of a template from standard input, or from another pipe: it can be read once, by this process."""


def load(path: str) -> Template:
    """The template at `path`; `-` is standard input, and a `cdk.out` folder stands for its one stack.

    A path may also be that of a pipe. Raises `TemplateError` when the file does not exist, cannot be read within its
    bounds, or is not a template.
    """
    if path == "-" or _is_piped(path):
        source = _piped(path)
        return check(Template(source, source.value))
    if _is_folder(Path(path)):
        path = str(_synthesised(Path(path)))
    source = read_source(Path(path))
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
    return parse(_decode(_read(partial(read_bytes, file), str(file)), str(file)), str(file))


def from_stack(body: Mapping[str, Any] | str, name: str) -> Template:
    """The deployed template of a stack from GetTemplate's TemplateBody: a map for JSON, else the text.

    Raises `TemplateError` when it is not a template.
    """
    return _from_stack(body if isinstance(body, str) else json.dumps(body), name)


@lru_cache(8)  # several decisions read it, and the accounts of a fleet have the same
def _from_stack(text: str, name: str) -> Template:
    source = parse(text, f"the deployed template of {name}")
    return check(Template(source, source.value))


def _synthesised(folder: Path) -> Path:
    """The template file of a `cdk.out` folder. Raises `TemplateError` unless it has exactly one stack."""
    found = cloud_assembly.stacks(folder)
    if len(found) != 1:
        hint = advise(JudgementAdvice.NAME_ONE_OF_TEMPLATES, ", ".join(map(str, found))) if found else None
        raise TemplateError(f"contains {len(found)} stacks", hint, file=str(folder))
    return found[0].template


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # reading it reports why


def _is_piped(path: str) -> bool:
    """Whether it is a pipe, or a file that has another content for another process, such as /dev/stdin."""
    try:
        return path.startswith(("/dev/", "/proc/")) or stat.S_ISFIFO(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False  # reading it reports why


def _piped(path: str) -> Source:
    read, name = (read_stdin, STDIN) if path == "-" else (partial(read_bytes, Path(path)), path)
    return parse(_decode(_read(read, name), name), STDIN)


def _read(read: Callable[[], bytes], file: str) -> bytes:
    try:
        return read()
    except FileNotFoundError:
        hint = cloud_assembly.where_nothing_is(Path(file), JudgementAdvice.NAME_TEMPLATE)
        raise TemplateError("no such file", hint, file=file) from None
    except OSError as error:
        if error.errno == errno.EFBIG:
            message = f"cannot be read: {error.strerror}; CloudFormation accepts at most 1 MB"
            raise TemplateError(message, advise(JudgementAdvice.SPLIT_STACK), file=file) from None
        pipe = advise(JudgementAdvice.PIPE_TEMPLATE) if error.errno in (errno.EISDIR, errno.ENODEV) else None
        raise TemplateError(f"cannot be read: {error.strerror}", pipe, file=file) from None


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"is not UTF-8 text (byte {error.start})", advise(JudgementAdvice.SAVE_AS_UTF8), file=file
        ) from None
