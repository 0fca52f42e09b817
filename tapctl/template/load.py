"""From a path, or standard input, to a template."""

import stat
import sys
from pathlib import Path

from tapctl.errors import TemplateError
from tapctl.template.model import Template, check
from tapctl.template.parse import parse

MAX_BYTES = 16 * 1024 * 1024
"""CloudFormation takes at most 1 MB; what is far beyond is not read at all."""


def load(path: str) -> Template:
    """Read the template at `path`; `-` is standard input.

    Raises `TemplateError` (exit 2) when there is no such file, it is not a regular file, or it is not a template.
    """
    text = _decode(_read_stdin() if path == "-" else _read_file(Path(path)), path)
    source = parse(text, "<stdin>" if path == "-" else path)
    return check(Template(source, source.value))


def _read_stdin() -> bytes:
    return _bounded(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")


def _read_file(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise TemplateError("is a folder, not a template", "name the template file in it", file=str(path))
        if not stat.S_ISREG(mode):
            raise TemplateError("is not a regular file", "pipe it instead: `… | tapctl preflight -`", file=str(path))
        with path.open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1), str(path))
    except FileNotFoundError:
        raise TemplateError(
            "no such file",
            "name the template: `tapctl preflight TEMPLATE`, or `template` in tapctl.toml",
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
