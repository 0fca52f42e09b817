"""Remedies through a parameter that nothing else uses, and those that need an edit."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tapctl.concurrency.remedy import ParameterOverride, RemedyMode
from tapctl.settings.settings import Settings
from tapctl.template.model import Template
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.templates import template

FN = "Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}}}"
NUMBER = "Parameters: {P: {Type: Number, Default: 100}}\n"
OPTIONAL = """
Parameters: {P: {Type: Number, Default: -1}}
Conditions: {Has: !Not [!Equals [!Ref P, -1]]}
""" + FN.format("!If [Has, !Ref P, !Ref AWS::NoValue]")
SWITCH = """
Parameters: {P: {Type: String, AllowedValues: ['on', 'off']}}
Mappings: {Sizes: {All: {fn: 100}}}
Conditions: {On: !Equals [!Ref P, 'on'], Has: !Condition On}
""" + FN.format("!If [Has, !FindInMap [Sizes, All, fn], !Ref AWS::NoValue]")
SAM = (
    "Transform: AWS::Serverless-2016-10-31\n"
    + NUMBER
    + """
Globals: {Function: {ReservedConcurrentExecutions: !Ref P, Runtime: python3.12, Handler: a.b, CodeUri: s3://a/b}}
Resources: {Fn: {Type: AWS::Serverless::Function}
"""
)


def overrides(
    made: Template, room: int = 130, mode: RemedyMode = RemedyMode.ADJUST, **given: str
) -> Mapping[str, ParameterOverride]:
    settings = Settings("template.yaml", parameters=given, remedy=mode)
    plan = judge(made, fake_account(1000, room), settings).plan
    assert plan.changes
    assert {*plan.edits.changes} == {*plan.changes} - {*plan.overrides}
    return plan.overrides


@pytest.mark.parametrize(
    ("text", "given", "room", "value"),
    [
        pytest.param(NUMBER + FN.format("!Ref P"), {}, 130, "30", id="a-reference"),
        pytest.param(NUMBER + FN.format("!Sub '${P}'"), {}, 130, "30", id="in-a-text"),
        pytest.param(OPTIONAL, {"P": "100"}, 130, "30", id="lowered-behind-its-switch"),
        pytest.param(OPTIONAL, {"P": "100"}, 100, "-1", id="dropped-by-its-switch"),
        pytest.param(SWITCH, {"P": "on"}, 130, "off", id="a-switch-beside-the-value"),
        pytest.param(SAM + "}", {}, 130, "30", id="in-globals"),
    ],
)
def test_a_parameter_that_nothing_else_uses_brings_it_about(
    text: str, given: dict[str, str], room: int, value: str
) -> None:
    mode = RemedyMode.DROP if value == "off" else RemedyMode.ADJUST
    assert overrides(template(text), room, mode, **given) == {"Fn": ParameterOverride("P", value)}


@pytest.mark.parametrize(
    ("text", "room"),
    [
        pytest.param(FN.format("100"), 130, id="a-literal"),
        pytest.param(NUMBER + FN.format("!Ref P"), 100, id="no-number-drops-it"),
        pytest.param(
            "Parameters: {P: {Type: Number, Default: 100, MinValue: 50}}\n" + FN.format("!Ref P"), 130, id="forbidden"
        ),
        pytest.param(
            "Parameters: {P: {Type: Number, Default: 100, NoEcho: true}}\n" + FN.format("!Ref P"), 130, id="a-secret"
        ),
        pytest.param(NUMBER + FN.format("!Ref P") + "\nOutputs: {O: {Value: !Ref P}}", 130, id="an-output-uses-it"),
        pytest.param(NUMBER + FN.format("!Ref P") + "\nOutputs: {O: {Value: !Sub 'a${P}'}}", 130, id="a-text-uses-it"),
        pytest.param(
            NUMBER
            + "Conditions: {Big: !Equals [!Ref P, 100]}\nOutputs: {O: {Condition: Big, Value: x}}\n"
            + FN.format("!Ref P"),
            130,
            id="a-condition-of-something-else",
        ),
        pytest.param(SAM + ", Other: {Type: AWS::Serverless::Function}}", 130, id="another-function-inherits-it"),
    ],
)
def test_otherwise_the_template_is_edited(text: str, room: int) -> None:
    assert not overrides(template(text), room)


def test_a_parameter_that_chooses_an_entry_of_a_mapping_takes_no_value_that_has_none() -> None:
    sections = "Parameters: {P: {Type: String, Default: prod}}\nMappings: {Sizes: {prod: {fn: 100}}}\n"
    assert overrides(template(sections + FN.format("!FindInMap [Sizes, !Ref P, fn]"))) == {}


def test_one_parameter_for_two_functions_is_left_alone() -> None:
    function = "{Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref P}}"
    assert not overrides(template(f"{NUMBER}Resources: {{A: {function}, B: {function}}}"))


def test_a_function_of_a_nested_stack_gets_an_edit(tmp_path: Path) -> None:
    from tapctl.template.load import load

    (tmp_path / "child.yaml").write_text(FN.format("100"))
    (tmp_path / "root.yaml").write_text(
        "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}}"
    )
    assert not overrides(load(str(tmp_path / "root.yaml")))
