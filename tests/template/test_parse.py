"""JSON and YAML to values and places, and the limits for hostile files."""

import json
import time
import tracemalloc
import unicodedata
from collections.abc import Callable
from functools import partial
from random import Random
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.errors import TemplateError
from tapctl.template.model import Source
from tapctl.template.parse import MAX_DEPTH, parse
from tests.support.golden import Golden
from tests.support.random_json import random_object, random_text


def read(text: str, file: str = "template.yaml") -> Any:
    return parse(dedent(text), file).value


def place(source: Source, *path: str | int) -> tuple[int, int, str]:
    """Line and column of a value, and the text that it is."""
    span = source.spans[path]
    return span.line, span.column, source.text[span.start : span.end]


def error(text: str, file: str = "template.yaml") -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        parse(text, file)
    assert caught.value.file == file
    assert "\n" not in caught.value.message
    return caught.value


def position(text: str, file: str) -> tuple[int | None, int | None]:
    caught = error(text, file)
    return caught.line, caught.column


class TestJson:
    TEXT = '{\n  "A": {"B": [1, -2.5e1, "x\\u00e9\\"", true, null]},\n\t"C" : "}"\n}\n'

    def test_values_equal_those_of_the_standard_library(self) -> None:
        assert parse(self.TEXT, "t.json").value == {"A": {"B": [1, -25.0, 'xé"', True, None]}, "C": "}"}

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            pytest.param(("A",), (2, 8, '{"B": [1, -2.5e1, "x\\u00e9\\"", true, null]}'), id="a-map"),
            pytest.param(("A", "B"), (2, 14, '[1, -2.5e1, "x\\u00e9\\"", true, null]'), id="a-list"),
            pytest.param(("A", "B", 1), (2, 18, "-2.5e1"), id="a-number"),
            pytest.param(("A", "B", 2), (2, 26, '"x\\u00e9\\""'), id="a-text-with-escapes"),
            pytest.param(("C",), (3, 8, '"}"'), id="a-text-that-looks-like-a-mark"),
        ],
    )
    def test_the_place_of_a_value(self, path: tuple[str | int, ...], expected: object) -> None:
        assert place(parse(self.TEXT, "t.json"), *path) == expected

    def test_the_place_of_a_key(self) -> None:
        key = parse(self.TEXT, "t.json").keys["C",]
        assert (key.line, key.column, self.TEXT[key.start : key.end]) == (3, 2, '"C"')

    def test_a_file_that_ends_in_yaml_may_be_json(self) -> None:
        assert read('{"A": [1]}', "t.yml") == {"A": [1]}

    def test_a_flow_map_in_a_yaml_file_is_yaml(self) -> None:
        assert read("{A: [1], B: !Ref C}", "t.yaml") == {"A": [1], "B": {"Ref": "C"}}

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            pytest.param('{"A": }', 1, 7, id="a-value-is-missing"),
            pytest.param('{\n "A": 1\n "B": 2}', 3, 2, id="a-comma-is-missing"),
            pytest.param('{"A": 1', 1, 8, id="cut-off"),
            pytest.param('{"A": 1}\n{}', 2, 1, id="extra-data"),
            pytest.param('{"A": "\t"}', 1, 8, id="a-raw-tab"),
        ],
    )
    def test_an_error_has_its_line_and_column(self, text: str, line: int, column: int, golden: Golden) -> None:
        assert position(text, "t.json") == (line, column)
        golden(error(text, "t.json"))

    def test_a_number_with_thousands_of_digits_is_an_error(self) -> None:
        assert position('{"A": ' + "9" * 5000 + "}", "t.json") == (None, None)


class TestShortTags:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("!Ref A", {"Ref": "A"}),
            ("!Condition A", {"Condition": "A"}),
            ("!Sub '${A}'", {"Fn::Sub": "${A}"}),
            ("!Sub 5", {"Fn::Sub": "5"}),
            ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
            ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
            ("!If [C, !Ref A, [1, !Sub x]]", {"Fn::If": ["C", {"Ref": "A"}, [1, {"Fn::Sub": "x"}]]}),
            ("!Equals [!Ref A, '']", {"Fn::Equals": [{"Ref": "A"}, ""]}),
            ("!FindInMap [A, b, c]", {"Fn::FindInMap": ["A", "b", "c"]}),
            ("!ToJsonString {a: 1}", {"Fn::ToJsonString": {"a": 1}}),
            ("!Base64 !not-a-tag-in-a-tag", None),
            ("!Fn::Base64 a", {"Fn::Base64": "a"}),
            ("!Anything a", {"Fn::Anything": "a"}),
            ("!!str a", "a"),
            ("! 5", 5),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_they_become_the_long_form(self, written: str, expected: object) -> None:
        if expected is None:
            assert error(f"A: {written}\n").line == 1
        else:
            assert read(f"A: {written}\n") == {"A": expected}

    def test_the_place_of_a_tagged_value_begins_at_its_tag(self) -> None:
        source = parse("A:\n  - !Join ['', [!Ref B]]\n", "t.yaml")
        assert place(source, "A", 0, "Fn::Join") == (2, 5, "!Join ['', [!Ref B]]")
        assert place(source, "A", 0, "Fn::Join", 1, 0, "Ref") == (2, 17, "!Ref B")

    def test_a_block_under_a_tag_is_its_argument(self) -> None:
        assert read(
            """
            A: !If
              - C
              - x: 1
              - !Ref AWS::NoValue
            """
        ) == {"A": {"Fn::If": ["C", {"x": 1}, {"Ref": "AWS::NoValue"}]}}


class TestYaml:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("5", 5), ("-5", -5), ("+5", 5), ("0", 0), ("1.5", 1.5), ("5.", 5.0), (".5", 0.5), ("1.0e+3", 1000.0),
            ("true", True), ("Yes", True), ("OFF", False), ("tRue", "tRue"), ("null", None), ("~", None), ("", None),
            ("2012-10-17", "2012-10-17"), ("0123", "0123"), ("12:30", "12:30"), ("1_000", "1_000"), ("0x1F", "0x1F"),
            ("'5'", "5"), ('"true"', "true"), ("123456789012345678901234", "123456789012345678901234"),
        ],
        ids=repr,
    )  # fmt: skip
    def test_an_unquoted_scalar_has_the_type_that_cloudformation_gives_it(self, written: str, expected: object) -> None:
        value = read(f"A: {written}\n")["A"]
        assert (value, type(value)) == (expected, type(expected))

    def test_the_places_of_keys_and_values(self) -> None:
        source = parse("# first\nA:\n    Bé: {c: [x,  yy]}\n", "t.yaml")
        key = source.keys["A", "Bé"]
        assert (key.line, key.column) == (3, 5)
        assert place(source, "A", "Bé", "c", 1) == (3, 18, "yy")
        assert place(source, "A", "Bé") == (3, 9, "{c: [x,  yy]}")

    def test_an_alias_has_the_value_of_its_anchor(self) -> None:
        source = parse("A: &a {x: [1]}\nB: *a\nC: &s !Ref D\nE: [*s]\n", "t.yaml")
        assert source.value == {"A": {"x": [1]}, "B": {"x": [1]}, "C": {"Ref": "D"}, "E": [{"Ref": "D"}]}
        assert place(source, "B") == (2, 4, "*a")
        assert source.line("B", "x", 0) == 2

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("a: &a {x: 1}\nb: {<<: *a, y: 2}", {"x": 1, "y": 2}, id="one"),
            pytest.param("a: &a {x: 1}\nb: {<<: *a, x: 2}", {"x": 2}, id="an-own-key-wins"),
            pytest.param("a: &a {x: 1}\nb: {x: 2, <<: *a}", {"x": 2}, id="also-when-it-stands-first"),
            pytest.param("a: [&a {x: 1}, &c {x: 2, z: 3}]\nb: {<<: [*a, *c]}", {"x": 1, "z": 3}, id="the-first-wins"),
            pytest.param("a: &a {x: 1}\nc: &c {<<: *a, y: 2}\nb: {<<: *c}", {"x": 1, "y": 2}, id="of-one-that-merges"),
            pytest.param("b: {<<: {<<: {x: 1}, y: 2}, z: 3}", {"x": 1, "y": 2, "z": 3}, id="written-in-place"),
            pytest.param("b: {'<<': {x: 1}}", {"<<": {"x": 1}}, id="a-quoted-one-is-a-plain-key"),
        ],
    )
    def test_a_merge_key_adds_missing_keys(self, text: str, expected: object) -> None:
        assert read(text)["b"] == expected

    def test_a_merge_does_not_change_the_merged_map(self) -> None:
        assert read("a: &a {x: 1}\nb: {<<: *a, y: 2}")["a"] == {"x": 1}

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            pytest.param("A: &a {b: 1}\nC: {<<: *a, <<: *a}\n", 2, 13, id="a-merge-key-twice"),
            pytest.param("A: [1\nB: 2\n", 2, 2, id="a-bracket"),
            pytest.param("A: 'x\n", 2, 1, id="a-quote"),
            pytest.param("A: *b\n", 1, 4, id="no-anchor"),
            pytest.param("A: &b [*b]\n", 1, 8, id="in-itself"),
            pytest.param("A: &b x\n*b : y\n", 2, 1, id="an-alias-as-a-key"),
            pytest.param("? [a]\n: b\n", 1, 3, id="a-list-as-a-key"),
            pytest.param("A: {<<: 5}\n", 1, 5, id="merging-a-number"),
            pytest.param("A: 1\n---\nB: 2\n", 2, 1, id="two-documents"),
            pytest.param("A: @b\n", 1, 4, id="a-sign"),
            pytest.param("A:\n\tB: 1\n", 2, 1, id="a-tab-as-indentation"),
        ],
    )
    def test_an_error_has_its_line_and_column(self, text: str, line: int, column: int, golden: Golden) -> None:
        assert position(text, "t.yaml") == (line, column)
        golden(error(text, "t.yaml"))

    @pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"], ids=["empty", "a-comment", "dashes"])
    def test_an_empty_file_is_null(self, text: str) -> None:
        assert parse(text, "t.yaml").value is None

    @pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
    def test_lines_are_counted_with_either_line_end(self, end: str) -> None:
        assert parse(f"A: 1{end}{end}B:{end}  - x{end}", "t.yaml").spans["B", 0].line == 4
        assert parse(f'{{"A": 1,{end}{end}"B": [{end} 5]}}', "t.json").spans["B", 0].line == 4

    @pytest.mark.parametrize("text", ["A: [1]\n", '{"A": [1]}'], ids=["yaml", "json"])
    def test_a_byte_order_mark_is_ignored(self, text: str) -> None:
        source = parse(f"\ufeff{text}", "t.yaml")
        assert source.value == {"A": [1]}
        assert source.spans["A", 0].line == 1
        assert place(source, "A", 0)[2] == "1"


class TestHostileFiles:
    """Any file gives a value or an error of one line, within seconds."""

    @pytest.fixture(autouse=True)
    def _within_seconds(self) -> Any:
        started = time.process_time()
        yield
        assert time.process_time() - started < 5

    @pytest.mark.parametrize(
        ("make", "file"),
        [
            pytest.param(lambda n: "A: " + "[" * n + "]" * n, "t.yaml", id="yaml-lists"),
            pytest.param(lambda n: "A: " + "{a: " * n + "1" + "}" * n, "t.yaml", id="yaml-maps"),
            pytest.param(lambda n: "\n".join(" " * level + "a:" for level in range(n)), "t.yaml", id="yaml-blocks"),
            pytest.param(lambda n: "A:\n" + "- " * n + "1\n", "t.yaml", id="yaml-dashes"),
            pytest.param(lambda n: "A: " + "!Not [" * n + "]" * n, "t.yaml", id="yaml-tags"),
            pytest.param(lambda n: '{"A": ' + "[" * n + "]" * n + "}", "t.json", id="json-lists"),
            pytest.param(lambda n: '{"A":' * n + "1" + "}" * n, "t.json", id="json-maps"),
            pytest.param(lambda n: '{"A":' * n + "1" + "}" * n, "t.yaml", id="json-called-yaml"),
        ],
    )
    @pytest.mark.parametrize("levels", [201, 10_000], ids=["one-level-too-many", "ten-thousand-levels"])
    def test_a_deeply_nested_file_is_an_error(self, make: Callable[[int], str], file: str, levels: int) -> None:
        assert str(MAX_DEPTH) in error(make(levels), file).message

    def test_nesting_through_aliases_is_nesting(self, golden: Golden) -> None:
        chain = ["a0: &a0 [1]", *(f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 1300))]
        assert position("\n".join(chain), "t.yaml") == (200, 14)
        golden(error("\n".join(chain), "t.yaml"))

    def test_billion_laughs_are_an_error(self, golden: Golden) -> None:
        laughs = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
        laughs += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
        golden(error("\n".join(laughs), "t.yaml"))

    def test_so_are_billion_laughs_through_merge_keys(self, golden: Golden) -> None:
        laughs = ["a0: &a0 {x: [lol, lol, lol, lol, lol, lol, lol, lol]}"]
        laughs += [
            f"a{level}: &a{level} {{{', '.join(f'k{key}: {{<<: *a{level - 1}}}' for key in range(10))}}}"
            for level in range(1, 9)
        ]
        golden(error("\n".join(laughs), "t.yaml"))

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("\x00\x01\x02", id="control-characters"),
            pytest.param("MZ\x90\x00\x03", id="a-program"),
            pytest.param("A: \x07\n", id="a-bell"),
        ],
    )
    def test_a_binary_file_is_an_error(self, text: str, golden: Golden) -> None:
        golden(error(text, "t.yaml"))

    def test_ten_megabytes_of_json_are_read(self) -> None:
        source = parse(json.dumps({"A": ["x" * 992] * 10_000}), "t.json")
        assert source.spans["A", 9999].start == 7 + 9999 * 996

    def test_memory_is_bounded_by_the_text(self) -> None:
        text = json.dumps({"A": "x\\" * 3_000_000})
        tracemalloc.start()
        try:
            assert len(parse(text, "t.json").value["A"]) == 6_000_000
            assert tracemalloc.get_traced_memory()[1] < 5 * len(text)
        finally:
            tracemalloc.stop()


def scalar(random: Random) -> Any:
    return random.choice((None, random.random() < 0.5, random.randint(-(10**9), 10**9), random_text(random)))


VALUES = st.randoms(use_true_random=True).map(partial(random_object, scalar=scalar))


def every(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(path, value), *(entry for key, item in items for entry in every(item, (*path, key)))]


@settings(max_examples=200, deadline=None)
@given(VALUES, st.sampled_from([None, 0, 2]))
def test_every_json_value_has_its_place(value: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=indent is None)
    source = parse(text, "t.json")
    assert source.value == value
    for path, part in every(value):
        span = source.spans[path]
        assert json.loads(text[span.start : span.end]) == part
        assert (span.line, span.column) == (
            text.count("\n", 0, span.start) + 1,
            span.start - (text.rfind("\n", 0, span.start) + 1) + 1,
        )


def printable(value: Any) -> Any:
    """The value with the characters and scalars alone that PyYAML reads back as it writes them."""
    match value:
        case dict():
            return {printable(key): printable(item) for key, item in value.items() if key != "<<"}
        case list():
            return [printable(item) for item in value]
        case str():
            return "".join(char for char in value if unicodedata.category(char) not in UNPRINTABLE)
        case _:
            return value or 0


UNPRINTABLE = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
YAML_VALUES = VALUES.map(printable)


@settings(max_examples=200, deadline=None)
@given(YAML_VALUES, st.booleans())
def test_yaml_that_pyyaml_writes_is_read_back(value: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    assert parse(text, "t.yaml").value == value


@pytest.mark.parametrize(
    ("text", "file", "value", "lines"),
    [
        ('{"A": 1,\n  "A": 2}', "t.json", {"A": 2}, [(("A",), 1, 2)]),
        ('{"A": {"B": 1,\n"B":\n1}}', "t.json", {"A": {"B": 1}}, [(("A", "B"), 1, 2)]),
        ("A: 1\nB: 2\nA: 3\n", "t.yaml", {"A": 3, "B": 2}, [(("A",), 1, 3)]),
        ("A: 1\nA: 2\nA: 3\n", "t.yaml", {"A": 3}, [(("A",), 2, 3)]),
        ("A: {b: 1,\n b: 2}\n", "t.yaml", {"A": {"b": 2}}, [(("A", "b"), 1, 2)]),
        ("A: !Ref B\nA: {c: 1, c: 2}", "t.yaml", {"A": {"c": 2}}, [(("A",), 1, 2), (("A", "c"), 2, 2)]),
    ],
)
def test_the_last_of_two_equal_keys_counts(
    text: str, file: str, value: Any, lines: list[tuple[tuple[str, ...], int, int]]
) -> None:
    source = parse(text, file)
    assert source.value == value
    assert [(duplicate.path, duplicate.first, duplicate.last) for duplicate in source.duplicates] == lines
    assert {*source.spans} == {path for path, _ in every(value)}


def test_an_alias_whose_key_is_given_again_does_not_count() -> None:
    source = parse("A: &a {x: 1}\nB: *a\nB: {y: 2}\n", "t.yaml")
    assert (source.value["B"], source.aliases, source.written(("B", "x"))) == ({"y": 2}, {}, None)


def test_a_file_of_keys_given_twice_is_read_in_time() -> None:
    keys = [f"k{number}: {{a: [1, 2]}}" for number in range(4_000)]
    started = time.process_time()
    assert len(parse("\n".join(keys * 2), "t.yaml").duplicates) == 4_000
    assert time.process_time() - started < 3.2
