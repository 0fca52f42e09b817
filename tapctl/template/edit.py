"""A property's value changed, or taken out, in the text of a template, with every other byte left as it is."""

import json
import re
from dataclasses import dataclass

from tapctl.errors import UsageError
from tapctl.template.model import Template
from tapctl.template.source import Path, Source, Span


@dataclass(frozen=True, slots=True)
class Edit:
    """The text from `start` to `end` (offsets) becomes `text`."""

    start: int
    end: int
    text: str


def apply(text: str, edits: list[Edit]) -> str:
    """All edits made; they must not overlap."""
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = f"{text[: edit.start]}{edit.text}{text[edit.end :]}"
    return text


def set_property(template: Template, logical_id: str, name: str, value: int | None) -> Edit:
    """The edit that gives a resource's property this number, or with None takes the property out.

    A property that a loop writes for several resources, or that is only inherited from Globals, is not
    changed where it stands: the first is refused, the second overridden in the resource.
    Raises `UsageError` naming the place where the text cannot be changed safely.
    """
    source = template.source
    path: Path = ("Resources", logical_id, "Properties", name)
    if path[:2] not in source.keys:
        place = f"{template.file}:{template.line(*path)}"
        message = f"{place}: {name} of {logical_id} is made by a transform, for several resources maybe"
        raise UsageError(message, "change it there by hand")
    if path not in source.keys:
        return _insert(source, path, _no_value(source) if value is None else str(value))
    if value is None:
        inherited = ("Globals", "Function", name) in source.keys
        return _replace(source, path, _no_value(source)) if inherited else _remove(source, path)
    return _replace(source, path, _like(source, path, value))


def _is_json(source: Source) -> bool:
    return source.text.lstrip().startswith("{")


def _no_value(source: Source) -> str:
    return '{"Ref": "AWS::NoValue"}' if _is_json(source) else "!Ref AWS::NoValue"


def _value_span(source: Source, path: Path) -> Span:
    """The span of a value, with its tag, without what merely follows it."""
    # The span of a short tag's argument stands under the long form's key, and may reach further.
    around = [found for inner, found in source.spans.items() if path in (inner, inner[:-1])]
    span = max(around, key=lambda found: (-found.start, found.end))
    lines = source.text[span.start : span.end].splitlines(keepends=True)
    while lines and re.fullmatch(r"\s*(#.*)?\s*", lines[-1]):
        lines.pop()
    length = sum(map(len, lines[:-1])) + len(lines[-1].rstrip()) if lines else 0
    return Span(span.line, span.column, span.start, span.start + length)


def _like(source: Source, path: Path, value: int) -> str:
    """The number, in the quotes that the old value had."""
    span = _value_span(source, path)
    quote = source.text[span.start]
    return f"{quote}{value}{quote}" if quote in "\"'" else str(value)


def _replace(source: Source, path: Path, text: str) -> Edit:
    key, span = source.keys[path], _value_span(source, path)
    if span.line == key.line:
        return Edit(span.start, span.end, text)
    # A value on lines of its own moves up beside its key.
    colon = source.text.index(":", key.end)
    return Edit(colon + 1, span.end, f" {text}")


def _remove(source: Source, path: Path) -> Edit:
    """Without the entry; where that would leave the map empty or is not sure, AWS::NoValue in its place."""
    siblings = [each for each in source.keys if each[:-1] == path[:-1] and len(each) == len(path)]
    if len(siblings) == 1:
        return _replace(source, path, _no_value(source))
    if _is_json(source) or _in_flow(source, path):
        return _remove_from_flow(source, path)
    key, span = source.keys[path], _value_span(source, path)
    start = source.text.rfind("\n", 0, key.start) + 1
    end = source.text.find("\n", span.end)
    if source.text[start : key.start].strip():
        return _replace(source, path, _no_value(source))
    return Edit(start, len(source.text) if end < 0 else end + 1, "")


def _in_flow(source: Source, path: Path) -> bool:
    return source.text[source.spans[path[:-1]].start] == "{"


def _remove_from_flow(source: Source, path: Path) -> Edit:
    """An entry between braces goes with one comma; one that has its lines for itself goes with them."""
    text, key, span = source.text, source.keys[path], _value_span(source, path)
    after = re.compile(r"\s*,").match(text, span.end)
    if after is None:
        before = text.rindex(",", 0, key.start)
        if "\n" in text[before : key.start]:
            # The comma stands on another entry's line, which is not ours to touch.
            return _replace(source, path, _no_value(source))
        return Edit(before, span.end, "")
    start = text.rfind("\n", 0, key.start) + 1
    rest = re.compile(r"[ \t]*\r?\n").match(text, after.end())
    if not text[start : key.start].strip() and rest:
        return Edit(start, rest.end(), "")
    blank = len(text[after.end() :]) - len(text[after.end() :].lstrip(" \t"))
    return Edit(key.start, after.end() + blank, "")


def _insert(source: Source, path: Path, text: str) -> Edit:
    """A new first entry in the resource's Properties, or Properties of its own as the resource's first entry."""
    name, properties = str(path[-1]), path[:-1]
    holder = properties if properties in source.keys else properties[:-1]
    first = next((each for each in source.keys if each[:-1] == holder and len(each) == len(holder) + 1), None)
    if first is None:
        raise UsageError(f"{source.file}:{source.line(*path)}: {path[1]} is empty there", "fill it by hand")
    at = source.keys[first].start
    indent = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    own_line = not indent.strip()
    newline = "\r\n" if "\r\n" in source.text else "\n"
    if _is_json(source):
        entry = f"{json.dumps(name)}: {text}"
        entry = entry if holder == properties else f'"Properties": {{{entry}}}'
        return Edit(at, at, f"{entry},{newline}{indent}" if own_line else f"{entry}, ")
    if _in_flow(source, first) or not own_line:
        entry = f"{name}: {text}" if holder == properties else f"Properties: {{{name}: {text}}}"
        return Edit(at, at, f"{entry}, ")
    entry = f"{name}: {text}" if holder == properties else f"Properties:{newline}{indent}  {name}: {text}"
    return Edit(at, at, f"{entry}{newline}{indent}")
