"""Whatever the layout of a file, an edit changes the one value and keeps every other byte."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.concurrency.remedy import RemedyAction, RemedyMode
from tapctl.template.parse import parse
from tests.support.fixed import fixed_text, judged, read

SETTING = "ReservedConcurrentExecutions"
MARK = "@SETTING@"
"""Stands for the value while a document is laid out, so that its place in the text is known."""

names = st.sampled_from(["Timeout", "MemorySize", "Handler", "Description", "Environment", "Tags", "Layers"])
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)
scalars = st.integers(-9, 999) | texts | st.booleans()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
siblings = st.dictionaries(names, values, max_size=4)
comments = st.sampled_from(["", "", "  # why", " # 100", "\t# {"])
numbers = st.sampled_from(["100", "'100'", '"100"', "&n 100", "!!int 100", ">-\n{}100", "|-\n{}100"])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A template of one function, its setting at any place among its properties."""
    beside = list(draw(siblings).items())
    beside.insert(draw(st.integers(0, len(beside))), (SETTING, MARK))
    function = [("Type", "AWS::Lambda::Function"), ("Properties", dict(beside)), ("DependsOn", "Topic")]
    resources = [("Fn", dict(draw(st.permutations(function)))), ("Topic", {"Type": "AWS::SNS::Topic"})]
    return {"Resources": dict(draw(st.permutations(resources)))}


@st.composite
def jsons(draw: st.DrawFn) -> tuple[str, str]:
    """A document as JSON of any indentation and spacing, and its value as it is written."""
    indent = draw(st.sampled_from([None, 0, 1, 2, 4, "\t", " \t"]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
    written = draw(st.sampled_from(["100", '"100"']))
    text = json.dumps(draw(documents()), indent=indent, separators=separators, ensure_ascii=draw(st.booleans()))
    return _ended(draw, text.replace(json.dumps(MARK), MARK)), written


@st.composite
def yamls(draw: st.DrawFn) -> tuple[str, str]:
    """A document as YAML: blocks and flows, comments, quotes, blank lines, any indentation."""
    unit = " " * draw(st.integers(1, 5))
    text = "".join(_block(draw, draw(documents()), "", unit))
    written = draw(numbers)
    if "\n" in written:
        start, _, rest = text.partition(MARK)
        line = start[start.rfind("\n") + 1 :]
        if line.strip().strip('":') != SETTING:
            return _ended(draw, text), "100"  # within a flow no block can stand
        written = written.format(line[: len(line) - len(line.lstrip())] + unit)
        # A comment behind a block's text would be part of it.
        text = f"{start}{MARK}{rest[rest.index(chr(10)) :]}"
    return _ended(draw, text), written


def _ended(draw: st.DrawFn, text: str) -> str:
    text = text.rstrip("\n") + draw(st.sampled_from(["", "\n", "\n\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def _block(draw: st.DrawFn, value: dict[str, Any], own: str, unit: str) -> list[str]:
    lines = []
    for name, inner in value.items():
        lines.append(draw(st.sampled_from(["", "", "\n", f"{own}# about {SETTING}: 100\n"])))
        key = f'{own}"{name}"' if draw(st.booleans()) else f"{own}{name}"
        flow = draw(st.integers(0, 4)) == 0 or not isinstance(inner, dict) or not inner
        comment = draw(comments)
        if flow:
            lines.append(f"{key}: {_flow(inner)}{comment}\n")
        else:
            lines += [f"{key}:{comment}\n", *_block(draw, inner, own + unit, unit)]
    return lines


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace(json.dumps(MARK), MARK)


@settings(max_examples=150, deadline=None)
@given(jsons() | yamls(), st.integers(1, 99))
def test_lowered_only_the_digits_differ(laid_out: tuple[str, str], room: int) -> None:
    text, written = laid_out
    before = text.replace(MARK, written)
    assert fixed_text(before, room) == text.replace(MARK, written.replace("100", str(room)))


@settings(max_examples=150, deadline=None)
@given(jsons() | yamls())
def test_dropped_only_the_entry_goes(laid_out: tuple[str, str]) -> None:
    text, written = laid_out
    before = text.replace(MARK, written)
    after = fixed_text(before, 0)
    start = next(at for at, (old, new) in enumerate(zip(before, after + "\0", strict=False)) if old != new)
    longest = min(len(before), len(after)) - start
    same = next((at for at in range(longest) if before[-1 - at] != after[-1 - at]), longest)
    gone, new = before[start : len(before) - same], after[start : len(after) - same]
    assert all(token in "!Ref AWS::NoValue" or token in '{"Ref": "AWS::NoValue"}' for token in new)
    assert gone.count("\n") <= 2
    properties = parse(after, "t.yaml").value["Resources"]["Fn"]["Properties"]
    expected = parse(before, "t.yaml").value
    for document in (expected, (left := parse(after, "t.yaml").value)):
        document["Resources"]["Fn"]["Properties"].pop(SETTING, None)
    assert properties.get(SETTING, {"Ref": "AWS::NoValue"}) == {"Ref": "AWS::NoValue"}
    assert left == expected


@settings(max_examples=80, deadline=None)
@given(jsons() | yamls(), st.lists(st.sampled_from(["checkov", "cfn_nag", "cdk_nag"]), min_size=1, unique=True))
def test_an_excuse_is_added_and_nothing_else_changes(laid_out: tuple[str, str], asked: list[str]) -> None:
    text, written = laid_out
    before = text.replace(MARK, written)
    without, excused = (parse(fixed_text(before, 0, scanners=scanners), "t.yaml").value for scanners in ((), asked))
    assert set(excused["Resources"]["Fn"].pop("Metadata")) == set(asked)
    assert excused == without


def test_the_layouts_are_judged_as_meant() -> None:
    text = json.dumps({"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {SETTING: 100}}}})
    assert judged(read(text), 7, remedy=RemedyMode.ADJUST).plan.remedies["Fn"].action is RemedyAction.LOWER
