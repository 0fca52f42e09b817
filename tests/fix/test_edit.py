"""The remedy as an edit: only the setting's own bytes change."""

import json
from pathlib import Path

import pytest

from tapctl.errors import UsageError
from tapctl.headroom.claims import read_demand
from tapctl.template.edit import apply, set_property
from tapctl.template.family import family
from tapctl.template.load import load
from tapctl.template.parameters import Parameters

SETTING = "ReservedConcurrentExecutions"

JSON = """{
  "Resources": {
    "Fn": {
      "Type": "AWS::Lambda::Function",
      "Properties": {
        "ReservedConcurrentExecutions": 100,
        "Timeout": 3
      }
    }
  }
}
"""
JSON_LAST = JSON.replace(
    '        "ReservedConcurrentExecutions": 100,\n        "Timeout": 3',
    '        "Timeout": 3,\n        "ReservedConcurrentExecutions": 100',
)
JSON_IF = JSON.replace("100", '{\n          "Fn::If": ["C", 1, 2]\n        }')
YAML = """Resources:
  Fn:  # ours
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 3
      ReservedConcurrentExecutions: '100'  # why

      # about memory
      MemorySize: 128
"""
YAML_IF = YAML.replace("'100'  # why\n", "!If\n        - C\n        - 1\n        - !Ref AWS::NoValue\n")
YAML_LONG = YAML.replace(" '100'  # why\n", "\n        Ref: Limit\n")
YAML_FLOW = (
    "Resources: {Fn: {Type: 'AWS::Lambda::Function', Properties: {Timeout: 3, ReservedConcurrentExecutions: 100}}}\n"
)
YAML_ONLY = (
    "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      ReservedConcurrentExecutions: 100\n"
)
CRLF = YAML.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "value", "old", "new"),
    [
        pytest.param(JSON, 7, "100", "7", id="json-number"),
        pytest.param(JSON, None, '        "ReservedConcurrentExecutions": 100,\n', "", id="json-line-goes"),
        pytest.param(JSON_LAST, 7, "100", "7", id="json-last-number"),
        pytest.param(JSON_LAST, None, "100", '{"Ref": "AWS::NoValue"}', id="json-last-leaves-its-neighbour-alone"),
        pytest.param(JSON_IF, 7, '{\n          "Fn::If": ["C", 1, 2]\n        }', "7", id="json-condition"),
        pytest.param(YAML, 7, "'100'", "'7'", id="yaml-keeps-quotes-and-comment"),
        pytest.param(YAML, None, "      ReservedConcurrentExecutions: '100'  # why\n", "", id="yaml-line-goes"),
        pytest.param(YAML_IF, 7, "!If\n        - C\n        - 1\n        - !Ref AWS::NoValue", "7", id="yaml-tag"),
        pytest.param(
            YAML_IF,
            None,
            "      ReservedConcurrentExecutions: !If\n        - C\n        - 1\n        - !Ref AWS::NoValue\n",
            "",
            id="yaml-lines-go",
        ),
        pytest.param(YAML_LONG, 7, "\n        Ref: Limit", " 7", id="yaml-value-on-a-line-of-its-own"),
        pytest.param(YAML_FLOW, 7, "100", "7", id="yaml-flow-number"),
        pytest.param(YAML_FLOW, None, ", ReservedConcurrentExecutions: 100", "", id="yaml-flow-entry-goes"),
        pytest.param(YAML_ONLY, None, "100", "!Ref AWS::NoValue", id="the-last-property-leaves-no-empty-map"),
        pytest.param(CRLF, 7, "'100'", "'7'", id="crlf-number"),
        pytest.param(CRLF, None, "      ReservedConcurrentExecutions: '100'  # why\r\n", "", id="crlf-line-goes"),
    ],
)  # fmt: skip
def test_only_the_settings_own_bytes_change(tmp_path: Path, text: str, value: int | None, old: str, new: str) -> None:
    path = tmp_path / ("t.json" if text.startswith("{") else "t.yaml")
    path.write_bytes(text.encode())
    template = load(str(path))
    assert text.count(old) == 1
    assert apply(template.source.text, [set_property(template, "Fn", SETTING, value)]) == text.replace(old, new)


SAM = """Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Handler: a.b
    Runtime: python3.12
    CodeUri: s3://bucket/key
    ReservedConcurrentExecutions: 30
Resources:
  Own:
    Type: AWS::Serverless::Function
    Properties:
      ReservedConcurrentExecutions: 40
      Timeout: 3
  Inherits:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 3
  Bare:
    Type: AWS::Serverless::Function
"""


@pytest.mark.parametrize("value", [None, 7])
@pytest.mark.parametrize("name", ["Own", "Inherits", "Bare"])
def test_globals_are_overridden_in_the_function(tmp_path: Path, name: str, value: int | None) -> None:
    path = tmp_path / "sam.yaml"
    path.write_text(SAM)
    kin = family(load(str(path)), Parameters(), {})
    path.write_text(apply(SAM, [set_property(kin.resolver.template, name, SETTING, value)]))
    found = read_demand(family(load(str(path)), Parameters(), {}))
    expected = {"Own": 40, "Inherits": 30, "Bare": 30} | {name: value}
    assert {each.logical_id: each.reserved for each in found.functions} == expected


def test_what_a_loop_writes_for_several_is_refused_with_its_place() -> None:
    path = Path(__file__).parent.parent / "demand" / "templates" / "loops.yaml"
    kin = family(load(str(path)), Parameters({"Env": "dev"}), {})
    with pytest.raises(UsageError, match=r"loops\.yaml:19: ReservedConcurrentExecutions of RedFixed is made by a tra"):
        set_property(kin.resolver.template, "RedFixed", SETTING, 1)


CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real templates is not beside the repository")
@pytest.mark.parametrize("value", [None, 77])
def test_on_real_templates_the_demand_of_the_result_is_the_remedy(tmp_path: Path, value: int | None) -> None:
    edited = set()
    for name, entry in json.loads((CORPUS / "expected.json").read_text()).items():
        for scenario in entry["scenarios"]:
            given = {
                key: each if isinstance(each, str) else json.dumps(each) for key, each in scenario["parameters"].items()
            }
            if scenario.get("expect_error"):
                continue
            kin = family(load(str(CORPUS / "templates" / name)), Parameters(given), {})
            before = {each.logical_id: each.reserved for each in read_demand(kin).functions}
            for function, reserved in before.items():
                if not isinstance(reserved, int) or ("Resources", function) not in kin.resolver.template.source.keys:
                    continue
                template = kin.resolver.template
                text = apply(template.source.text, [set_property(template, function, SETTING, value)])
                copy = tmp_path / Path(name).name
                copy.write_text(text)
                after = read_demand(family(load(str(copy)), Parameters(given), {})).functions
                assert {each.logical_id: each.reserved for each in after if "/" not in each.logical_id} == {
                    key: each for key, each in (before | {function: value}).items() if "/" not in key
                }
                edited.add(name)
    assert len(edited) >= 10
