"""A value that serves several functions changes where it stands only when all of them are to get the same."""

from pathlib import Path

import pytest

from tapctl.concurrency.remedy import RemedyMode
from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.source_fix.file_edit import write
from tapctl.template.load import load
from tapctl.workflows.fix import fix
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.fixed import fixed, fixed_text, judged, read
from tests.support.golden import Golden

SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Handler: a.b
    Runtime: python3.12
    CodeUri: s3://bucket/key
    ReservedConcurrentExecutions: 30
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 3
  B:
    Type: AWS::Serverless::Function
"""


class TestGlobals:
    def test_the_same_for_all_that_inherit_changes_in_globals(self) -> None:
        assert fixed_text(SAM, 40) == SAM.replace("30", "20")

    def test_dropped_by_all_it_goes_from_globals(self) -> None:
        assert fixed_text(SAM, 0) == SAM.replace("    ReservedConcurrentExecutions: 30\n", "")

    def test_different_values_are_set_in_the_functions(self) -> None:
        assert (
            fixed_text(SAM, 41)
            == SAM.replace("      Timeout: 3\n", "      ReservedConcurrentExecutions: 21\n      Timeout: 3\n")
            + "    Properties:\n      ReservedConcurrentExecutions: 20\n"
        )

    def test_where_one_keeps_it_the_other_drops_it_for_itself(self) -> None:
        assert (
            fixed_text(SAM, 30, mode=RemedyMode.DROP)
            == f"{SAM}    Properties:\n      ReservedConcurrentExecutions: !Ref AWS::NoValue\n"
        )

    def test_a_function_that_its_condition_leaves_out_inherits_too(self) -> None:
        text = SAM.replace("  B:\n", "  B:\n    Condition: Never\n") + "Conditions: {Never: !Equals [a, b]}\n"
        own = "      Timeout: 3\n"
        assert fixed_text(text, 20) == text.replace(own, f"      ReservedConcurrentExecutions: 20\n{own}")

    def test_dropping_an_override_does_not_bring_the_global_value_back(self) -> None:
        text = SAM.replace("      Timeout: 3\n", "      ReservedConcurrentExecutions: 90\n")
        assert fixed_text(text, 30, mode=RemedyMode.DROP) == text.replace("90", "!Ref AWS::NoValue")


MAPPED = """\
Parameters: {Env: {Type: String, Default: prod}}
Mappings:
  Plans:
    prod: {Limit: 100, Memory: 512}
    dev: {Limit: 5, Memory: 128}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      MemorySize: !FindInMap [Plans, !Ref Env, Memory]
      ReservedConcurrentExecutions: !FindInMap [Plans, !Ref Env, Limit]
"""


class TestMappings:
    def test_the_entry_in_force_changes(self) -> None:
        assert fixed_text(MAPPED, 7) == MAPPED.replace("100", "7")

    def test_to_be_dropped_the_property_goes(self) -> None:
        assert fixed_text(MAPPED, 0) == MAPPED.rpartition("      Reserved")[0]

    @pytest.mark.parametrize("room", [0, 7])
    def test_what_only_chooses_the_entry_stays(self, room: int) -> None:
        text = MAPPED.replace("Env, Memory]", "AWS::Region, Memory, DefaultValue: 128]")
        assert "Default: prod" in fixed_text(text, room)

    def test_the_default_of_a_lookup_that_finds_nothing_changes(self) -> None:
        text = MAPPED.replace("Limit]", "Other, DefaultValue: 100]").replace("Limit: 100", "Limit: 1")
        assert fixed_text(text, 7) == text.replace("100", "7")

    @pytest.mark.parametrize(
        "lookup",
        [
            "!FindInMap [Plans, prod, Limit]",
            "!FindInMap [Plans, !Ref Env, Limit]",
            "!FindInMap [!Ref Env, prod, Limit]",
        ],
    )
    def test_an_entry_that_something_else_may_use_is_refused(self, lookup: str) -> None:
        text = f"{MAPPED}  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: {lookup}}}\n"
        with pytest.raises(UsageError, match=r"^t\.yaml:4: .* of Fn .* line 14\b"):
            fixed_text(text, 7)

    @pytest.mark.parametrize("lookup", ["!FindInMap [Plans, dev, Limit]", "!FindInMap [Plans, !Ref Env, Memory]"])
    def test_one_that_nothing_else_can_find_is_not(self, lookup: str) -> None:
        text = f"{MAPPED}  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: {lookup}}}\n"
        assert fixed_text(text, 7) == text.replace("100", "7")

    def test_two_functions_with_the_same_remedy_share_it(self) -> None:
        text = MAPPED + MAPPED.partition("Resources:\n")[2].replace("Fn:", "Other:")
        assert fixed_text(text, 14) == text.replace("100", "7")
        with pytest.raises(UsageError, match=r"^t\.yaml:4: .* of Fn .* Other\b"):
            fixed_text(text, 15)

    def test_each_entry_is_judged_separately(self, golden: Golden) -> None:
        other = MAPPED.partition("Resources:\n")[2].replace("Fn:", "Other:").replace("Limit", "Memory")
        with pytest.raises(UsageError, match=r"^t\.yaml:4: .* of Other .* line 10, line 15\b") as caught:
            fixed_text(MAPPED + other, 14)
        golden(caught.value)


LOOP = """\
Transform: AWS::LanguageExtensions
Mappings:
  Plans:
    Red: {Limit: 100}
    Blue: {Limit: 60}
Resources:
  Fn::ForEach::Colors:
  - Color
  - [Red, Blue]
  - ${Color}Fn:
      Type: AWS::Lambda::Function
      Properties:
        ReservedConcurrentExecutions: 100  # each
"""
LOOKING_UP = LOOP.replace("100  # each", "!FindInMap [Plans, !Ref Color, Limit]")


class TestLoops:
    def test_the_same_for_every_round_changes_in_the_body(self) -> None:
        assert fixed_text(LOOP, 14) == LOOP.replace("100  #", "7  #")

    def test_different_values_are_refused_with_the_place(self) -> None:
        with pytest.raises(UsageError, match=r"^t\.yaml:13: .* of RedFn .* BlueFn\b"):
            fixed_text(LOOP, 15)

    def test_each_round_has_its_own_entry_of_a_mapping(self) -> None:
        assert fixed_text(LOOKING_UP, 80) == LOOKING_UP.replace("100", "50").replace("60", "30")

    def test_dropped_by_every_round(self) -> None:
        assert fixed_text(LOOP, 0) == LOOP.replace("100  #", "!Ref AWS::NoValue  #")


CHILD = """\
Parameters: {Limit: {Type: Number}}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 3
      ReservedConcurrentExecutions: !Ref Limit
"""
PARENT = """\
Resources:
  One:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yaml, Parameters: {Limit: 100}}
  Two:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yaml, Parameters: {Limit: OTHER}}
"""


class TestNestedFiles:
    @pytest.fixture
    def parent(self, tmp_path: Path) -> Path:
        (tmp_path / "child.yaml").write_text(CHILD)
        (tmp_path / "parent.yaml").write_text(PARENT.replace("OTHER", "100"))
        return tmp_path / "parent.yaml"

    def test_a_file_that_is_nested_twice_changes_once(self, parent: Path) -> None:
        (edit,) = fixed(parent, 14).edits
        assert Path(edit.file) == parent.parent / "child.yaml"
        assert edit.after == CHILD.replace("!Ref Limit", "7")

    @pytest.mark.parametrize("room", [15, 100], ids=["two-values", "one-keeps-what-it-has"])
    def test_not_when_the_two_would_need_different_values(self, parent: Path, room: int) -> None:
        with pytest.raises(UsageError, match=r"child\.yaml:7: .* of (One|Two)/Fn .* (One|Two)/Fn\b"):
            fixed(parent, room, mode=RemedyMode.DROP if room == 100 else RemedyMode.ADJUST)

    def test_two_that_ask_for_different_values_may_both_lose_them(self, parent: Path) -> None:
        parent.write_text(PARENT.replace("OTHER", "60"))
        (edit,) = fixed(parent, 0).edits
        assert edit.after == CHILD.rpartition("      Reserved")[0]

    def test_several_files_change_together(self, parent: Path, tmp_path: Path) -> None:
        (tmp_path / "other.yaml").write_text(CHILD)
        parent.write_text(PARENT.replace("OTHER", "50").replace("child", "other", 1))
        assert {Path(edit.file).name: edit.after for edit in fixed(parent, 15).edits} == {
            "other.yaml": CHILD.replace("!Ref Limit", "10"),
            "child.yaml": CHILD.replace("!Ref Limit", "5"),
        }

    def test_nothing_is_written_once_one_of_them_has_changed(
        self, parent: Path, tmp_path: Path, golden: Golden
    ) -> None:
        (tmp_path / "other.yaml").write_text(CHILD)
        parent.write_text(PARENT.replace("OTHER", "50").replace("child", "other", 1))
        edits = fixed(parent, 15).edits
        Path(edits[-1].file).write_text(f"{CHILD}# meanwhile\n")
        with pytest.raises(UsageError) as caught:
            write(edits)
        golden(caught.value)
        assert Path(edits[0].file).read_text() == CHILD


@pytest.mark.parametrize(
    ("text", "room", "line"),
    [
        pytest.param(SAM, 40, 7, id="lowered-in-globals"),
        pytest.param(MAPPED, 7, 4, id="lowered-in-a-mapping"),
        pytest.param(MAPPED, 0, 11, id="dropped"),
    ],
)
def test_each_change_is_reported_with_its_place(text: str, room: int, line: int, golden: Golden) -> None:
    (change,) = fix(judged(read(text), room)).lines
    assert change.startswith(f"t.yaml:{line}: ")
    golden(change)


def test_the_account_that_refused_finds_that_the_result_fits(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(fixed_text(SAM, 41))
    again = judge(load(str(tmp_path / "t.yaml")), fake_account(1000, 141), Settings("t.yaml"))
    assert again.concurrency.verdict.value == "fits"


def test_parameters_and_conditions_that_become_unused_are_named(golden: Golden) -> None:
    text = """\
Parameters:
  Size: {Type: Number, Default: 30}
  Stage: {Type: String, Default: dev}
Conditions:
  Live: !Equals [!Ref Stage, dev]
  Kept: !Equals [!Ref Stage, prod]
Resources:
  Topic: {Type: AWS::SNS::Topic, Condition: Kept}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Description: !Ref Stage
      ReservedConcurrentExecutions: !If [Live, !Ref Size, 3]
"""
    done = fix(judged(read(text), 0, {"Size": "30"}, remedy=RemedyMode.DROP))
    golden(done.lines)


def test_a_reservation_in_an_included_file_is_refused(tmp_path: Path, golden: Golden) -> None:
    function = "Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 30}}"
    (tmp_path / "part.yaml").write_text(f"\n{function}\n")
    include = "{Name: AWS::Include, Parameters: {Location: part.yaml}}"
    (tmp_path / "t.yaml").write_text(f"Resources: {{Fn::Transform: {include}}}\n")
    with pytest.raises(UsageError) as caught:
        fixed(tmp_path / "t.yaml", 20)
    golden(caught.value)
