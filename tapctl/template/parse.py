"""Parses JSON and YAML into plain values with the place of each; CloudFormation's short tags become the long form.

Both parsers read a stream of events into an explicit stack, so that a hostile file cannot exhaust the interpreter's
stack, nor its memory through YAML aliases.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.model import Duplicate, Path, Source, Span

MAX_DEPTH = 200
"""Nested containers; CloudFormation's own parser refuses far fewer."""

MAX_NODES = 250_000
"""Values with aliases expanded, as a template of 1 MB never has; stops a "billion laughs" file."""

_TOO_DEEP, _FLATTEN = f"nested deeper than {MAX_DEPTH} levels", advise(JudgementAdvice.FLATTEN_TEMPLATE)
_FIX_SYNTAX = advise(JudgementAdvice.FIX_SYNTAX)


def parse(text: str, file: str) -> Source:
    """Parse `text` as JSON when it starts like an object, else as YAML.

    Of a key that is given twice the last value counts, as in CloudFormation; `Source.duplicates` has both lines.

    Raises `TemplateError` with line and column for invalid text, and for excessive nesting or aliasing.
    """
    body = text.removeprefix("\ufeff")
    if body.lstrip().startswith("{"):
        try:
            return _parse_json(body, file)
        except TemplateError:
            if not file.endswith((".yaml", ".yml")):
                raise
    return _parse_yaml(body, file)


@dataclass(slots=True)
class _Frame:
    """An open container."""

    container: Any
    path: Path
    tagged: bool = False
    key: str | None = None
    nodes: int = 1
    height: int = 1


@dataclass(slots=True)
class _Builder:
    """Builds values from a stream of scalars and containers, and records the place of each."""

    file: str
    spans: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    aliases: dict[Path, Path] = field(default_factory=dict)
    duplicates: dict[Path, Duplicate] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    last: int = 0
    """The end of the last value."""
    root: Any = None

    def awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].container, dict) and self.stack[-1].key is None

    def key(self, name: str, span: Span) -> None:
        frame = self.stack[-1]
        path = (*frame.path, name)
        if name in frame.container:
            if name == "<<":
                raise self.error("the merge key `<<` is given twice", span, advise(JudgementAdvice.MERGE_LIST_OF_MAPS))
            self.duplicates[path] = Duplicate(path, self.keys[path].line, span.line, span.start)
            self.aliases.pop(path, None)
        frame.key = name
        self.keys[path] = span

    def scalar(self, value: object, span: Span, tag: str | None = None, nodes: int = 1, height: int = 0) -> Path:
        """Add a value; returns its path."""
        if len(self.stack) + height > MAX_DEPTH:
            raise self.error(_TOO_DEEP, span, _FLATTEN)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height + 1)
        self.last = span.end
        path = self._place({tag: value} if tag else value, nodes)
        self.spans[path] = span
        if tag:
            self.spans[*path, tag] = span
        return path

    def open(self, container: Any, span: Span, tag: str | None = None) -> tuple[Path, Any]:
        """Open a container; returns its path and its value, which for a tagged one is the map around it."""
        if len(self.stack) >= MAX_DEPTH:
            raise self.error(_TOO_DEEP, span, _FLATTEN)
        value = {tag: container} if tag else container
        path = self._place(value, 1)
        self.spans[path] = span
        inner = (*path, tag) if tag else path
        self.spans[inner] = span
        self.stack.append(_Frame(container, inner, tag is not None))
        return path, value

    def close(self, end: int | None = None) -> _Frame:
        """Close a container at `end`; without a closing mark it ends with its last value."""
        frame = self.stack.pop()
        self.last = self.last if end is None else end
        span = self.spans[frame.path]
        closed = Span(span.line, span.column, span.start, self.last)
        self.spans[frame.path] = closed
        if frame.tagged:
            self.spans[frame.path[:-1]] = closed
        if self.stack:
            self.stack[-1].nodes += frame.nodes
            self.stack[-1].height = max(self.stack[-1].height, frame.height + 1)
        return frame

    def _place(self, value: object, nodes: int) -> Path:
        if not self.stack:
            self.root = value
            return ()
        frame = self.stack[-1]
        frame.nodes += nodes
        if frame.nodes > MAX_NODES:
            raise TemplateError(
                f"has more than {MAX_NODES:,} values, with its aliases written out",
                advise(JudgementAdvice.SPLIT_STACK),
                file=self.file,
            )
        if isinstance(frame.container, dict):
            assert frame.key is not None  # noqa: S101 - both parsers set the key first
            path = (*frame.path, frame.key)
            frame.container[frame.key] = value
            frame.key = None
        else:
            path = (*frame.path, len(frame.container))
            frame.container.append(value)
        return path

    def error(self, message: str, span: Span, hint: Hint | None = None) -> TemplateError:
        return TemplateError(message, hint, file=self.file, line=span.line, column=span.column)

    def source(self, text: str) -> Source:
        if self.duplicates:
            for places in (self.spans, self.keys):
                for path in [path for path, span in places.items() if self._is_overridden(path, span)]:
                    del places[path]
                    self.aliases.pop(path, None)
        duplicates = tuple(self.duplicates.values())
        return Source(self.file, text, self.root, self.spans, self.keys, self.aliases, duplicates)

    def _is_overridden(self, path: Path, span: Span) -> bool:
        """Whether a place is inside a value whose key is given again further down."""
        outer = (self.duplicates.get(path[:length]) for length in range(1, len(path) + 1))
        return any(duplicate and span.start < duplicate.start for duplicate in outer)


_JSON_TOKEN = re.compile(
    r'[ \t\n\r,:]*(?:(?P<mark>[{}\[\]])|(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<word>[-+.\w]+))', re.DOTALL
)


def _parse_json(text: str, file: str) -> Source:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise TemplateError(
            f"not JSON: {error.msg}", _FIX_SYNTAX, file=file, line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise TemplateError(_TOO_DEEP, _FLATTEN, file=file) from None
    except ValueError as error:
        raise TemplateError(f"not JSON: {error}", file=file) from None
    builder = _Builder(file)
    for kind, word, span in _json_tokens(text):
        if word in ("{", "["):
            builder.open({} if word == "{" else [], span)
        elif word in ("}", "]"):
            builder.close(span.end)
        else:
            # Read as JSON above, a string without an escape is what is between its quotes.
            value = word[1:-1] if kind == "string" and "\\" not in word else json.loads(word)
            if kind == "string" and builder.awaits_key():
                builder.key(value, span)
            else:
                builder.scalar(value, span)
    return builder.source(text)


def _json_tokens(text: str) -> Iterator[tuple[str, str, Span]]:
    line, line_start, seen = 1, 0, 0
    for match in _JSON_TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        start, end = match.span(kind)
        if newlines := text.count("\n", seen, start):
            line += newlines
            line_start = text.rindex("\n", seen, start) + 1
        seen = start
        yield kind, match[kind], Span(line, start - line_start + 1, start, end)


def _parse_yaml(text: str, file: str) -> Source:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _YamlReader(_Builder(file)).read(yaml.parse(text, Loader=loader), text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "unreadable").replace("\n", " ")
        # Newer versions of libyaml have a limit too, far above ours.
        too_deep, has_tab = "nesting depth" in problem, mark and text[mark.index : mark.index + 1] == "\t"
        raise TemplateError(
            _TOO_DEEP if too_deep else f"not YAML: {problem}",
            advise(JudgementAdvice.INDENT_WITH_SPACES) if has_tab else _FIX_SYNTAX,
            file=file,
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
        ) from None
    except yaml.YAMLError as error:
        hint = advise(JudgementAdvice.CHECK_TEXT_FILE)
        raise TemplateError(f"not YAML: {str(error).splitlines()[0]}", hint, file=file) from None


@dataclass(slots=True)
class _YamlReader:
    """Feeds libyaml's events to the builder."""

    builder: _Builder
    anchors: dict[str, tuple[Path, Any, int, int]] = field(default_factory=dict)
    """By name: the path, the value, the number of values in it, and how deep they nest."""
    opened: list[tuple[str | None, Path, Any]] = field(default_factory=list)
    merges: list[Path] = field(default_factory=list)
    """The open mappings with a merge key, innermost last; they are merged when they are complete."""

    def read(self, events: Iterator[Any], text: str) -> Source:
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    hint = advise(JudgementAdvice.KEEP_ONE_TEMPLATE)
                    raise self.builder.error("contains more than one document", _span(event), hint)
            elif handler := _YAML_EVENTS.get(name):
                handler(self, event)
        return self.builder.source(text)

    def scalar(self, event: Any) -> None:
        span = _span(event)
        if self.builder.awaits_key():
            self.builder.key(event.value, span)
            if event.value == "<<" and not event.style:
                self.merges.append(self.builder.stack[-1].path)
            return
        tag = _long_form(event.tag)
        value = event.value if event.style or tag else _plain(event.value)
        if tag == "Fn::GetAtt":
            value = event.value.split(".", 1)
        path = self.builder.scalar(value, span, tag)
        if event.anchor:
            self.anchors[event.anchor] = (path, {tag: value} if tag else value, 1, 0)

    def start(self, event: Any) -> None:
        if self.builder.awaits_key():
            raise self.builder.error(
                "a key must be a string, not a list or a map", _span(event), advise(JudgementAdvice.QUOTE_KEY)
            )
        container: Any = {} if type(event).__name__ == "MappingStartEvent" else []
        path, value = self.builder.open(container, _span(event), _long_form(event.tag))
        self.opened.append((event.anchor, path, value))

    def end(self, event: Any) -> None:
        marked = event.start_mark.index < event.end_mark.index
        frame = self.builder.close(event.end_mark.index if marked else None)
        anchor, path, value = self.opened.pop()
        if self.merges and self.merges[-1] == frame.path:
            self._merge(frame.container, self.merges.pop())
        if anchor:
            self.anchors[anchor] = (path, value, frame.nodes, frame.height)

    def alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            message = f"alias *{event.anchor} precedes its anchor or is inside it"
            raise self.builder.error(message, _span(event), advise(JudgementAdvice.WRITE_VALUE_OUT))
        if self.builder.awaits_key():
            raise self.builder.error("an alias cannot be a key", _span(event), advise(JudgementAdvice.WRITE_KEY_OUT))
        anchored, value, nodes, height = self.anchors[event.anchor]
        path = self.builder.scalar(value, _span(event), nodes=nodes, height=height)
        self.builder.aliases[path] = anchored

    def _merge(self, mapping: dict[str, Any], path: Path) -> None:
        value = mapping.pop("<<")
        for merged in value if isinstance(value, list) else [value]:
            if not isinstance(merged, dict):
                raise self.builder.error(
                    "the value of a merge key `<<` must be a map", self.builder.keys[(*path, "<<")]
                )
            for key, item in merged.items():
                mapping.setdefault(key, item)


_YAML_EVENTS: dict[str, Callable[[_YamlReader, Any], None]] = {
    "ScalarEvent": _YamlReader.scalar,
    "MappingStartEvent": _YamlReader.start,
    "SequenceStartEvent": _YamlReader.start,
    "MappingEndEvent": _YamlReader.end,
    "SequenceEndEvent": _YamlReader.end,
    "AliasEvent": _YamlReader.alias,
}


def _span(event: Any) -> Span:
    start = event.start_mark
    return Span(start.line + 1, start.column + 1, start.index, event.end_mark.index)


def _long_form(tag: str | None) -> str | None:
    """`!Ref` is `Ref`, `!Sub` is `Fn::Sub`; None for YAML's own tags such as `!!str`."""
    if not tag or not tag.startswith("!") or tag == "!":
        return None
    name = tag[1:]
    return name if name in ("Ref", "Condition") or name.startswith("Fn::") else f"Fn::{name}"


_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
    **dict.fromkeys(("null", "~", ""), None),
}


def _plain(text: str) -> object:
    """An unquoted scalar as in YAML 1.1, except dates and octals, which are text to CloudFormation."""
    folded = text.lower()
    if folded in _WORDS and text in (folded, folded.capitalize(), folded.upper()):
        return _WORDS[folded]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
