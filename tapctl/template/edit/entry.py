"""The edits that change, remove or insert an entry of a map, in the style of the file."""

import json
import re

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.template.edit.render import NO_VALUE_REF, Data, entries, flow
from tapctl.template.edit.text import (
    Edit,
    children,
    in_flow,
    indent,
    is_json,
    line_start,
    newline,
    next_line,
    value_span,
)
from tapctl.template.model import Path, Source, Span


def change(source: Source, path: Path, value: int | None) -> Edit:
    """Set the value at `path` to a number, or with None to `AWS::NoValue`."""
    if value is None:
        return _replace(source, path, flow(source, NO_VALUE_REF))
    return _digits(source, path, value) or _replace(source, path, str(value))


_NUMBER = re.compile(r"(?:!\S*\s+)?(?:[|>][^\n]*\n)?\D*?(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\D*")


def _digits(source: Source, path: Path, value: int) -> Edit | None:
    """Replace only the digits of a literal number; its quotes, its tag and its block mark stay."""
    if isinstance(source.at(path), dict | list) or path in source.aliases:
        return None
    span = value_span(source, path)
    match = _NUMBER.fullmatch(source.text, span.start, span.end)
    return Edit(*match.span("number"), str(value)) if match else None


def _replace(source: Source, path: Path, text: str) -> Edit:
    span = value_span(source, path)
    key = source.keys.get(path)
    if key is not None and (span.line != key.line or span.start == span.end):
        colon = source.text.index(":", key.end)
        if not source.text[colon + 1 : span.start].strip():
            # A value below its key moves up beside it.
            return Edit(colon + 1, span.end, f" {text}")
    return Edit(span.start, span.end, text)


def fill(source: Source, path: Path, value: Data) -> Edit:
    """Set the empty value at `path`."""
    return _replace(source, path, flow(source, value))


def remove(source: Source, path: Path) -> Edit:
    """Remove an entry; set it to `AWS::NoValue` where that would affect another entry, or uncover a merged one."""
    holder = path[:-1]
    siblings = children(source, holder)
    # An entry of a merged map may hide the same entry of the next merged map.
    if len(siblings) == 1 or (*holder, "<<") in siblings or "<<" in holder:
        return change(source, path, None)
    key, span = source.keys[path], value_span(source, path)
    if is_json(source) or in_flow(source, holder):
        return _remove_from_flow(source, holder, key, span) or change(source, path, None)
    if indent(source.text, key.start) is None:
        return change(source, path, None)
    return Edit(line_start(source.text, key.start), next_line(source.text, span.end), "")


def _remove_from_flow(source: Source, holder: Path, key: Span, span: Span) -> Edit | None:
    """Remove an entry in braces with one comma, and with its lines where it shares them with no other entry."""
    text = source.text
    after = re.compile(r"\s*,").match(text, span.end)
    if after is None:
        before = text.rfind(",", source.spans[holder].start, key.start)
        # A comma on another entry's line stays.
        return None if before < 0 or "\n" in text[before : key.start] else Edit(before, span.end, "")
    rest = re.compile(r"[ \t]*\r?\n").match(text, after.end())
    if indent(text, key.start) is not None and rest:
        return Edit(line_start(text, key.start), rest.end(), "")
    blanks = re.compile(r"[ \t]*").match(text, after.end())
    return Edit(key.start, blanks.end() if blanks else after.end(), "")


def insert(source: Source, holder: Path, added: dict[str, Data], after: str | None = None) -> Edit:
    """Insert entries into a map that has some, after the named entry or first.

    Raises `UsageError` with the place where the map has no entries in the text.
    """
    siblings = children(source, holder)
    if not siblings:
        place = f"{source.file}:{source.line(*holder)}"
        raise UsageError(f"{place}: {holder[-1]} has no entries to insert next to", advise(UsageAdvice.EDIT_BY_HAND))
    index = next((position for position, sibling in enumerate(siblings, 1) if sibling[-1] == after), 0)
    key = source.keys[siblings[index % len(siblings)]]
    own = indent(source.text, key.start)
    text = entries(source, holder, added, own)
    if is_json(source) or in_flow(source, holder) or own is None:
        return Edit(key.start, key.start, text)
    before = value_span(source, siblings[index - 1]) if index else source.keys.get(holder)
    # Right below the entry before, so that a comment above the next entry stays with it.
    return _below(source, before.end, text) if before else Edit(key.start, key.start, text)


def _below(source: Source, at: int, text: str) -> Edit:
    """Insert lines below the line of `at`, which may be the last one, without a line end."""
    start = next_line(source.text, at)
    if source.text[:start].endswith("\n"):
        return Edit(start, start, text)
    ending = newline(source)
    return Edit(start, start, f"{ending}{text.removesuffix(ending)}")


def set_entry(source: Source, path: Path, value: int | None) -> Edit:
    """Set the entry at `path` to a number, or remove it with None.

    Raises `UsageError` with the place where the text cannot be changed safely.
    """
    if path not in source.spans:
        return _new_property(source, path, NO_VALUE_REF if value is None else value)
    inherited = path[0] == "Resources" and ("Globals", "Function", path[-1]) in source.keys
    if value is None and path in source.keys and not inherited:
        return remove(source, path)
    return change(source, path, value)


def set_text(source: Source, path: Path, text: str) -> Edit:
    """Set the scalar at `path`: digits replace digits, other text is quoted as JSON and YAML both allow."""
    digits = _digits(source, path, int(text)) if re.fullmatch(r"-?\d+", text) else None
    return digits or _replace(source, path, json.dumps(text))


def _new_property(source: Source, path: Path, value: Data) -> Edit:
    """Insert a first entry into the resource's Properties, or Properties with it."""
    properties, name = path[:-1], str(path[-1])
    if properties in source.keys:
        return insert(source, properties, {name: value})
    return insert(source, properties[:-1], {str(properties[-1]): {name: value}}, after="Type")
