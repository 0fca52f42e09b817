"""Whatever the layout of a file, an edit changes the one value and keeps every other byte."""

import json
import unicodedata
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tapctl.concurrency.remedy import RemedyAction, RemedyMode
from tapctl.template.parse import parse
from tests.support.fixed import fixed_text, judged, read
from tests.support.random_json import random_object, random_text

SETTING = "ReservedConcurrentExecutions"
MARK = "@SETTING@"
"""Stands for the value while a document is laid out, so that its place in the text is known."""

NAMES = ("Timeout", "MemorySize", "Handler", "Description", "Environment", "Tags", "Layers")
COMMENTS = ("", "", "  # why", " # 100", "\t# {")
NUMBERS = ("100", "'100'", '"100"', "&n 100", "!!int 100", ">-\n{}100", "|-\n{}100")
UNPRINTABLE = ("Cc", "Cn", "Cs", "Zl", "Zp")


def scalar(random: Random) -> Any:
    text = "".join(char for char in random_text(random, 12) if unicodedata.category(char) not in UNPRINTABLE)
    return random.choice((random.randint(-9, 999), text, random.random() < 0.5))


def shuffled(random: Random, *items: tuple[str, Any]) -> dict[str, Any]:
    return dict(random.sample(items, len(items)))


def document(random: Random) -> dict[str, Any]:
    """A template of one function, its setting at any place among its properties."""
    beside = list(random_object(random, 3, scalar=scalar, key=lambda random: random.choice(NAMES)).items())
    beside.insert(random.randint(0, len(beside)), (SETTING, MARK))
    function = shuffled(random, ("Type", "AWS::Lambda::Function"), ("Properties", dict(beside)), ("DependsOn", "Topic"))
    return {"Resources": shuffled(random, ("Fn", function), ("Topic", {"Type": "AWS::SNS::Topic"}))}


def laid_out_json(random: Random) -> tuple[str, str]:
    """A document as JSON of any indentation and spacing, and its value as it is written."""
    indent = random.choice((None, 0, 1, 2, 4, "\t", " \t"))
    separators = random.choice(((",", ":"), (", ", ": "), (" , ", " : ")))
    text = json.dumps(document(random), indent=indent, separators=separators, ensure_ascii=random.random() < 0.5)
    return _ended(random, text.replace(json.dumps(MARK), MARK)), random.choice(("100", '"100"'))


def laid_out_yaml(random: Random) -> tuple[str, str]:
    """A document as YAML: blocks and flows, comments, quotes, blank lines, any indentation."""
    unit = " " * random.randint(1, 5)
    text = "".join(_block(random, document(random), "", unit))
    written = random.choice(NUMBERS)
    if "\n" in written:
        start, _, rest = text.partition(MARK)
        line = start[start.rfind("\n") + 1 :]
        if line.strip().strip('":') != SETTING:
            return _ended(random, text), "100"  # within a flow no block can stand
        written = written.format(line[: len(line) - len(line.lstrip())] + unit)
        # A comment behind a block's text would be part of it.
        text = f"{start}{MARK}{rest[rest.index(chr(10)) :]}"
    return _ended(random, text), written


def _ended(random: Random, text: str) -> str:
    text = text.rstrip("\n") + random.choice(("", "\n", "\n\n"))
    return text.replace("\n", random.choice(("\n", "\r\n")))


def _block(random: Random, value: dict[str, Any], own: str, unit: str) -> list[str]:
    lines = []
    for name, inner in value.items():
        lines.append(random.choice(("", "", "\n", f"{own}# about {SETTING}: 100\n")))
        key = random.choice((f'{own}"{name}"', f"{own}{name}"))
        comment = random.choice(COMMENTS)
        if random.random() < 0.2 or not isinstance(inner, dict) or not inner:
            lines.append(f"{key}: {_flow(inner)}{comment}\n")
        else:
            lines += [f"{key}:{comment}\n", *_block(random, inner, own + unit, unit)]
    return lines


LAYOUTS = st.randoms(use_true_random=True).map(lambda random: random.choice((laid_out_json, laid_out_yaml))(random))


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace(json.dumps(MARK), MARK)


@settings(max_examples=150, deadline=None)
@given(LAYOUTS, st.integers(1, 99))
def test_lowered_only_the_digits_differ(laid_out: tuple[str, str], room: int) -> None:
    text, written = laid_out
    before = text.replace(MARK, written)
    assert fixed_text(before, room) == text.replace(MARK, written.replace("100", str(room)))


@settings(max_examples=150, deadline=None)
@given(LAYOUTS)
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
@given(LAYOUTS, st.lists(st.sampled_from(["checkov", "cfn_nag", "cdk_nag"]), min_size=1, unique=True))
def test_an_excuse_is_added_and_nothing_else_changes(laid_out: tuple[str, str], asked: list[str]) -> None:
    text, written = laid_out
    before = text.replace(MARK, written)
    without, excused = (parse(fixed_text(before, 0, scanners=scanners), "t.yaml").value for scanners in ((), asked))
    assert set(excused["Resources"]["Fn"].pop("Metadata")) == set(asked)
    assert excused == without


def test_the_layouts_are_judged_as_meant() -> None:
    text = json.dumps({"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {SETTING: 100}}}})
    assert judged(read(text), 7, remedy=RemedyMode.ADJUST).plan.remedies["Fn"].action is RemedyAction.LOWER
