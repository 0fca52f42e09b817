"""Fn::ForEach, compared with cfn-lint where that resolves everything, and what it leaves to the resolver."""

import copy
import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.errors import TemplateError
from tapctl.template.load import load
from tapctl.template.loops import unroll
from tapctl.template.model import Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.templates import template

LOOP = "Fn::ForEach::"


def of(body: dict[str, Any]) -> Template:
    return template(
        json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": {"T": {"Type": "A::B::C"}}, **body})
    )


def unrolled(written: Template) -> Template:
    return unroll(written, Resolver(written, bind(written, Parameters())))


def by_cfn_lint(written: Template) -> Template:
    from cfnlint.template.transforms._language_extensions import language_extension

    body = in_subs(copy.deepcopy(dict(written.body)))
    matches, result = language_extension(SimpleNamespace(template=body, filename="t", regions=["us-east-1"]))
    assert not matches, matches
    return replace(written, body=result)


def in_subs(value: Any) -> Any:
    """The value with every text that has an identifier as an `Fn::Sub`; cfn-lint replaces none in a plain text."""
    match value:
        case dict():
            return {key: item if key == "Fn::Sub" else in_subs(item) for key, item in value.items()}
        case list():
            return [in_subs(item) for item in value]
        case str() if "${" in value:
            return {"Fn::Sub": value}
        case _:
            return value


def meaning(written: Template) -> dict[str, Any]:
    """The sections with every expression evaluated, so that only what they mean is compared."""
    resolver = Resolver(written, bind(written, Parameters()))
    sections = {name: written.body.get(name) or {} for name in ("Conditions", "Resources", "Outputs")}
    return {name: plain(resolver.value(section, (name,))) for name, section in sections.items()}


def plain(value: Any) -> Any:
    """Unknown values by their reasons, scalars as text."""
    match value:
        case Unknown():
            return value.reason
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return str(value)


NAMES = st.sampled_from(["A", "Bee", "c3", "x-y", "1"])
PROPERTIES = {
    "Plain": {"Ref": "N"},
    "Sub": {"Fn::Sub": "p-${N}-${Size}-&{N}"},
    "Variables": {"Fn::Sub": ["${N}${V}", {"V": {"Ref": "N"}}]},
    "Lookup": {"Fn::FindInMap": ["Sizes", {"Ref": "N"}, "Size"]},
    "Default": {"Fn::FindInMap": ["Sizes", {"Fn::Sub": "${N}z"}, "Size", {"DefaultValue": {"Ref": "N"}}]},
    "Joined": {"Fn::Join": ["-", [{"Ref": "N"}, {"Ref": "Size"}]]},
    "If": {"Fn::If": ["Big", {"Ref": "N"}, {"Fn::Sub": "${N}"}]},
    "Text": "${N}",
    "Null": None,
    f"{LOOP}Tags": ["K", ["k", "l"], {"${K}${N}": {"Fn::Sub": "${K}/${N}"}}],
}


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Templates with loops in every section, over literal lists, list parameters and mappings, and nested ones."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=lambda name: name.replace("-", "")))
    kept = draw(st.lists(st.sampled_from(sorted(PROPERTIES)), unique=True))
    properties = {key: PROPERTIES[key] for key in kept}
    collection = draw(
        st.sampled_from([names, {"Ref": "List"}, {"Fn::FindInMap": ["Lists", {"Ref": "Stage"}, "Names"]}])
    )
    entry = {"Fn&{N}": {"Type": "A::B::C", "Properties": properties}}
    inner = {
        f"{LOOP}I": ["M", {"Fn::FindInMap": ["Lists", {"Ref": "N"}, "Names"]}, {"In&{N}${M}": {"Type": "A::B::C"}}]
    }
    body = draw(st.sampled_from([entry, inner, {**entry, **inner}]))
    return {
        "Parameters": {
            "List": {"Type": "CommaDelimitedList", "Default": ",".join(names)},
            "Stage": {"Type": "String", "Default": "x"},
            "Size": {"Type": "Number", "Default": "3"},
        },
        "Mappings": {
            "Lists": {name: {"Names": ["p", "q"] if name != "x" else names} for name in [*names, "x"]},
            "Sizes": {name: {"Size": index} for index, name in enumerate(names)},
        },
        "Conditions": {
            "Big": {"Fn::Equals": [{"Ref": "Size"}, "3"]},
            f"{LOOP}C": ["N", collection, {"Is&{N}": {"Fn::Equals": [{"Ref": "N"}, "A"]}}],
        },
        "Resources": {"T": {"Type": "A::B::C"}, f"{LOOP}R": ["N", collection, body]},
        "Outputs": {f"{LOOP}O": ["N", collection, {"Out&{N}": {"Value": {"Fn::Sub": "${N}"}}}]},
    }


@settings(max_examples=100, deadline=None)
@given(templates())
def test_the_result_is_that_of_cfn_lint(body: dict[str, Any]) -> None:
    written = of(body)
    assert meaning(unrolled(written)) == meaning(by_cfn_lint(written))


CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "templates"


@pytest.mark.corpus
def test_the_result_is_that_of_cfn_lint_on_the_corpus() -> None:
    loaded = [load(str(file)) for file in CORPUS.rglob("*") if file.suffix in (".yaml", ".yml", ".json", ".template")]
    looping = [written for written in loaded if written.has_loops]
    assert looping
    for written in looping:
        assert meaning(unrolled(written)) == meaning(by_cfn_lint(written)), written.file


def resources(loop: list[Any], **sections: Any) -> dict[str, Any]:
    """What one loop makes."""
    made = unrolled(of({"Resources": {"T": {"Type": "A::B::C"}, f"{LOOP}L": loop}, **sections}))
    return {name: entry for name, entry in made.body["Resources"].items() if name != "T"}


MADE = {"Type": "A::B::C", "Properties": {"P": {"Ref": "N"}}}


@pytest.mark.parametrize(
    ("collection", "names"),
    [
        ([], []),
        ({"Fn::FindInMap": ["M", "a", "None"]}, []),
        ({"Ref": "None"}, [""]),
        ({"Ref": "One"}, ["x"]),
        ([""], [""]),
        ([1, True, 2.5], ["1", "true", "2.5"]),
        ({"Fn::If": ["C", ["x"], []]}, ["x"]),
        ({"Fn::Split": ["/", "x/y"]}, ["x", "y"]),
    ],
)
def test_a_loop_makes_an_entry_for_each_item(collection: Any, names: list[str]) -> None:
    sections = {
        "Parameters": {
            "None": {"Type": "CommaDelimitedList", "Default": ""},
            "One": {"Type": "CommaDelimitedList", "Default": "x"},
        },
        "Mappings": {"M": {"a": {"None": []}}},
        "Conditions": {"C": {"Fn::Equals": ["a", "a"]}},
    }
    made = resources(["N", collection, {"X${N}": MADE}], **sections)
    assert made == {f"X{name}": {"Type": "A::B::C", "Properties": {"P": name}} for name in names}


def test_a_loop_may_have_several_identifiers() -> None:
    made = resources([["N", "M"], [["a", 1], ["b", 2]], {"X${N}": {"Type": {"Ref": "M"}}}])
    assert made == {"Xa": {"Type": "1"}, "Xb": {"Type": "2"}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("p-${N}", "p-a"),
        ("&{N}", "&{N}"),
        (["x", "${N}"], ["x", "a"]),
        ({"Fn::GetAtt": ["T${N}", "Arn"]}, {"Fn::GetAtt": ["Ta", "Arn"]}),
        ({"Ref": "T${N}"}, {"Ref": "Ta"}),
        ({"Fn::If": ["Is${N}", "${N}", 5]}, {"Fn::If": ["Isa", "a", 5]}),
        ({"Fn::Equals": ["${N}", "b"]}, {"Fn::Equals": ["a", "b"]}),
    ],
)
def test_every_text_gets_the_item(value: Any, expected: Any) -> None:
    """AWS: all instances of the identifier in the OutputValue are replaced; cfn-lint leaves those in plain texts."""
    made = resources(["N", ["a"], {"X${N}": {"Type": "A", "DependsOn": "T${N}", "Properties": {"P": value}}}])
    assert made == {"Xa": {"Type": "A", "DependsOn": "Ta", "Properties": {"P": expected}}}


def test_a_condition_of_a_loop_counts_where_it_is_named() -> None:
    function = {"Type": "AWS::Lambda::Function", "Condition": "Is${N}"}
    looping = of(
        {
            "Conditions": {f"{LOOP}C": ["N", ["a", "b"], {"Is${N}": {"Fn::Equals": ["${N}", "a"]}}]},
            "Resources": {f"{LOOP}R": ["N", ["a", "b"], {"X${N}": function}]},
        }
    )
    made = unrolled(looping)
    resolver = Resolver(made, {})
    existing = [resource.logical_id for resource in made.resources() if resolver.exists(resource.condition, ())]
    assert existing == ["Xa"]


def test_backslashes_are_kept() -> None:
    made = resources(["N", ["\\1"], {"X&{N}": {"Type": {"Fn::Sub": "${N}"}}}])
    assert made == {"X1": {"Type": "\\1"}}


def test_json_text_gets_the_item() -> None:
    made = resources(["N", ["a"], {"X${N}": {"Type": {"Fn::ToJsonString": {"K": {"Ref": "N"}}}}}])
    assert made == {"Xa": {"Type": {"Fn::ToJsonString": {"K": "a"}}}}


def test_a_lookup_with_an_unknown_key_stays_for_the_resolver() -> None:
    """cfn-lint takes the entry of some Region."""
    lookup = {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, {"Ref": "N"}]}
    made = resources(["N", ["a"], {"X${N}": {"Type": lookup}}], Mappings={"M": {"eu-west-1": {"a": 5}, "x": {"a": 6}}})
    assert made == {"Xa": {"Type": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "a"]}}}


def test_each_entry_has_the_line_of_its_pattern() -> None:
    text = """\
        Transform: AWS::LanguageExtensions
        Resources:
          Fn::ForEach::A:
            - N
            - [x]
            - ${N}:
                Type: A::B::C
              Fn::ForEach::B:
                - M
                - [y]
                - ${N}${M}:
                    Type: A::B::C
        """
    made = unrolled(template(text))
    assert {name: made.line("Resources", name) for name in made.body["Resources"]} == {"x": 6, "xy": 11}


@pytest.mark.parametrize(
    "loop",
    [
        5,
        ["N", ["a"]],
        ["N", "a", {}],
        ["N", {"Ref": "T"}, {}],
        ["N", ["a"], []],
        ["N", ["a", "a"], {"X${N}": MADE}],
        ["N", ["a", "b"], {"X": MADE}],
        ["N", [""], {"T${N}": MADE}],
        ["N", ["a"], {"X${N}": "text"}],
        [["N", "M"], [["a"]], {"X${N}": MADE}],
        ["N", [str(number) for number in range(501)], {"X${N}": MADE}],
    ],
    ids=["number", "two", "text", "resource", "list", "twice", "constant", "taken", "entry", "short", "501"],
)
def test_an_invalid_loop_is_an_error(loop: Any, golden: Golden) -> None:
    if isinstance(loop, list) and loop[1] == {"Ref": "T"}:
        assert resources(loop) == {}  # its items are unknown
        return
    with pytest.raises(TemplateError) as caught:
        resources(loop)
    golden(caught.value)


def test_500_resources_of_a_loop_are_as_many_as_a_template_may_have() -> None:
    assert len(resources(["N", [str(number) for number in range(500)], {"X${N}": MADE}])) == 500


def test_a_loop_that_would_make_millions_ends_before_it_makes_them() -> None:
    items = [str(number) for number in range(1000)]
    inner: dict[str, Any] = {"X${N}${M}${O}": MADE}
    for name in ("O", "M"):
        inner = {f"{LOOP}{name}": [name, items, inner]}
    started = time.process_time()
    with pytest.raises(TemplateError):
        resources(["N", items, inner])
    nothing: dict[str, Any] = {f"{LOOP}{name}": [name, items, {}] for name in ("M", "O")}
    deep: dict[str, Any] = {f"{LOOP}P": ["P", items, {f"{LOOP}Q": ["Q", items, nothing]}]}
    with pytest.raises(TemplateError):
        resources(["N", items, deep])
    assert time.process_time() - started < 20


def test_a_loop_in_metadata_is_not_expanded() -> None:
    assert not of({"Metadata": {f"{LOOP}M": 1}}).has_loops
