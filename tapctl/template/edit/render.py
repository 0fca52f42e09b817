"""New entries as text in the style of the file: its indentation, its line ends, in braces or not.

Only tapctl's own data is rendered (names of properties and scanners, numbers, plain sentences), so no string needs
quotes in YAML.
"""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from tapctl.template.edit.text import children, in_flow, indent, is_json, newline
from tapctl.template.model import Path, Source

Data = Any
"""Maps, lists, numbers and strings."""

NO_VALUE_REF = {"Ref": "AWS::NoValue"}
_SHORT_NO_VALUE_REF = "!Ref AWS::NoValue"


def entries(source: Source, holder: Path, added: dict[str, Data], own: str | None) -> str:
    """The text of entries to insert before another one of the same map, which `own` indents; None within a line."""
    if own is not None and not is_json(source) and not in_flow(source, holder):
        lines = _block(added, _unit(source, holder), indentless=_indentless(source))
        return "".join(f"{own}{line}{newline(source)}" for line in lines)
    unit = _unit(source, holder) if own is not None else None
    texts = (f"{_name(source, name)}{_colon(source)}{flow(source, value, unit, own)}" for name, value in added.items())
    return "".join(f"{text}{_comma(source, own)}" for text in texts)


def items(source: Source, path: Path, added: list[Data], own: str | None) -> str:
    """The text of items to insert before the first one of the list at `path`, which `own` indents."""
    if own is not None and not is_json(source) and not in_flow(source, path):
        return "".join(f"{own}{line}{newline(source)}" for line in _block(added, "  ", indentless=_indentless(source)))
    unit = _unit(source, path[:-1]) if own is not None else None
    return "".join(f"{flow(source, item, unit, own)}{_comma(source, own)}" for item in added)


def _block(value: Data, unit: str, *, indentless: bool) -> list[str]:
    """The lines of a block of YAML, without the indentation of the block."""
    if isinstance(value, dict):
        return list(chain.from_iterable(_pair(name, item, unit, indentless) for name, item in value.items()))
    lines: list[str] = []
    for item in value:
        first, *more = _block(item, unit, indentless=indentless)
        lines += [f"- {first}", *(f"  {line}" for line in more)]
    return lines


def _pair(name: str, value: Data, unit: str, indentless: bool) -> Iterator[str]:
    if value == NO_VALUE_REF:
        yield f"{name}: {_SHORT_NO_VALUE_REF}"
    elif isinstance(value, dict | list):
        yield f"{name}:"
        inner = "" if indentless and isinstance(value, list) else unit
        yield from (f"{inner}{line}" for line in _block(value, unit, indentless=indentless))
    else:
        yield f"{name}: {value}"


def flow(source: Source, value: Data, unit: str | None = None, own: str | None = None) -> str:
    """A value in braces; in JSON over several lines where `unit` indents them."""
    if value == NO_VALUE_REF and not is_json(source):
        return _SHORT_NO_VALUE_REF
    spread = unit if is_json(source) and value != NO_VALUE_REF else None
    text = json.dumps(value, indent=spread, separators=("," if spread else _comma(source), _colon(source)))
    return text.replace("\n", f"{newline(source)}{own}")


def _name(source: Source, name: str) -> str:
    return json.dumps(name) if is_json(source) else name


def _comma(source: Source, own: str | None = None) -> str:
    """The separator of two entries, of which `own` indents the second when it begins a line."""
    if own is not None:
        return f",{newline(source)}{own}"
    return "," if _colon(source) == ":" else ", "


def _colon(source: Source) -> str:
    """The colon with the blank that the file's first key has after it."""
    first = next(iter(source.keys.values()))
    after = source.text[first.end :].lstrip()[1:2]
    return ":" if is_json(source) and not after.isspace() else ": "


def _unit(source: Source, holder: Path) -> str:
    """The indentation of a map's entries relative to its key."""
    inner = next(iter(children(source, holder)), None)
    outer = source.keys.get(holder)
    if inner is None or outer is None:
        return "  "
    deep, shallow = indent(source.text, source.keys[inner].start), indent(source.text, outer.start)
    if deep is None or shallow is None or not deep.startswith(shallow):
        return "  "
    return deep[len(shallow) :] or "  "


_FIRST_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*\r?\n( *)- ", re.MULTILINE)


def _indentless(source: Source) -> bool:
    """Whether the first block list of the file has the indentation of its key."""
    match = _FIRST_LIST.search(source.text)
    return match is not None and match[1] == match[2]
