"""Only the setting's own bytes change, however the file is written."""

from textwrap import dedent

import pytest

from tapctl.errors import UsageError
from tapctl.workflows.fix import fix
from tests.support.fixed import fixed_text, judged, read

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
JSON_JOIN = JSON.replace("100", '{\n          "Fn::Join": ["", ["1", "00"]]\n        }')
JSON_LINE = (
    '{"Resources":{"Fn":{"Type":"AWS::Lambda::Function",'
    '"Properties":{"Timeout":3,"ReservedConcurrentExecutions":"100"}}}}'
)
YAML = """Resources:
  Fn:  # ours
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 3
      ReservedConcurrentExecutions: '100'  # why

      # about memory
      MemorySize: 128
"""
QUOTED = YAML.replace("Reserved", '"Reserved').replace("ions:", 'ions":')
LIST = "\n        - ''\n        # inside\n        - [1, '00']"
YAML_JOIN = YAML.replace(" '100'", f" !Join{LIST}")
YAML_LONG = YAML.replace(" '100'  # why", f"\n        Fn::Join:{LIST.replace('        ', '          ')}")
YAML_COMMENTED = YAML.replace(" '100'  # why", "  # why\n        Fn::Join: ['', [1, '00']]")
YAML_FLOW = (
    "Resources: {Fn: {Type: 'AWS::Lambda::Function', Properties: {Timeout: 3, ReservedConcurrentExecutions: 100}}}\n"
)
YAML_ONLY = (
    "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      ReservedConcurrentExecutions: 100"
)


@pytest.mark.parametrize(
    ("text", "room", "old", "new"),
    [
        pytest.param(JSON, 7, "100", "7", id="json-number"),
        pytest.param(JSON, 0, '        "ReservedConcurrentExecutions": 100,\n', "", id="json-line-goes"),
        pytest.param(JSON.replace("  ", "\t"), 7, "100", "7", id="json-with-tabs"),
        pytest.param(
            JSON.replace("  ", "\t"), 0, '\t\t\t\t"ReservedConcurrentExecutions": 100,\n', "", id="line-of-tabs-goes"
        ),
        pytest.param(JSON_LAST, 7, "100", "7", id="json-last-number"),
        pytest.param(JSON_LAST, 0, "100", '{"Ref": "AWS::NoValue"}', id="json-last-leaves-its-neighbour-alone"),
        pytest.param(JSON_JOIN, 7, '{\n          "Fn::Join": ["", ["1", "00"]]\n        }', "7", id="json-function"),
        pytest.param(JSON_LINE, 7, '"100"', '"7"', id="json-on-one-line"),
        pytest.param(JSON_LINE, 0, ',"ReservedConcurrentExecutions":"100"', "", id="json-on-one-line-goes"),
        pytest.param(JSON.replace('"Reserved', '"\\u0052eserved'), 7, "100", "7", id="json-escaped-key"),
        pytest.param(YAML, 7, "'100'", "'7'", id="yaml-keeps-quotes-and-comment"),
        pytest.param(YAML, 0, "      ReservedConcurrentExecutions: '100'  # why\n", "", id="yaml-line-goes"),
        pytest.param(QUOTED, 7, "'100'", "'7'", id="quoted-key"),
        pytest.param(QUOTED, 0, "      \"ReservedConcurrentExecutions\": '100'  # why\n", "", id="quoted-key-goes"),
        pytest.param(YAML.replace("'100'", "!!int '100'"), 7, "'100'", "'7'", id="yaml-tag-of-its-own"),
        pytest.param(YAML.replace("'100'", "&limit1 100"), 7, " 100", " 7", id="anchor-stays"),
        pytest.param(YAML.replace("'100'  # why", ">-\n        100"), 7, "100", "7", id="folded-block"),
        pytest.param(YAML.replace("'100'  # why", "|2-  # why\n        100"), 7, "  100", "  7", id="literal-block"),
        pytest.param(YAML.replace("'100'  # why", ">-\n        100"), 0,
                     "      ReservedConcurrentExecutions: >-\n        100\n", "", id="block-goes"),
        pytest.param(YAML_JOIN, 7, f"!Join{LIST}", "7", id="yaml-short-tag-keeps-the-comment-behind-it"),
        pytest.param(YAML_JOIN, 0, f"      ReservedConcurrentExecutions: !Join{LIST}  # why\n", "", id="yaml-lines-go"),
        pytest.param(YAML_LONG, 7, f"\n        Fn::Join:{LIST.replace('        ', '          ')}", " 7",
                     id="yaml-value-on-lines-of-its-own-moves-up"),
        pytest.param(YAML_COMMENTED, 7, "Fn::Join: ['', [1, '00']]", "7", id="unless-a-comment-is-there"),
        pytest.param(YAML_FLOW, 7, "100", "7", id="yaml-flow-number"),
        pytest.param(YAML_FLOW, 0, ", ReservedConcurrentExecutions: 100", "", id="yaml-flow-entry-goes"),
        pytest.param(YAML_ONLY, 7, "100", "7", id="no-final-newline"),
        pytest.param(YAML_ONLY, 0, "100", "!Ref AWS::NoValue", id="the-last-property-leaves-no-empty-map"),
        pytest.param(YAML.replace("\n", "\r\n"), 7, "'100'", "'7'", id="crlf-number"),
        pytest.param(YAML.replace("\n", "\r\n"), 0, "      ReservedConcurrentExecutions: '100'  # why\r\n", "",
                     id="crlf-line-goes"),
        pytest.param(YAML.replace("ours", "öurs 🚀"), 7, "'100'", "'7'", id="signs-beyond-ascii-before-it"),
    ],
)  # fmt: skip
def test_only_the_settings_own_bytes_change(text: str, room: int, old: str, new: str) -> None:
    assert text.count(old) == 1
    assert fixed_text(text, room, file="t.json" if text.startswith("{") else "t.yaml") == text.replace(old, new)


IF = dedent("""\
    Parameters: {Env: {Type: String, Default: prod}, Limit: {Type: Number, Default: 100}}
    Conditions:
      Prod: !Equals [!Ref Env, prod]
    Resources:
      Fn:
        Type: AWS::Lambda::Function
        Properties:
          Timeout: 3
          Description: !Ref Limit
          ReservedConcurrentExecutions: VALUE
    """)


@pytest.mark.parametrize(
    ("value", "room", "old", "new"),
    [
        pytest.param("!If [Prod, 100, 1]", 7, "100,", "7,", id="the-branch-that-is-taken"),
        pytest.param("!If [Prod, 100, 1]", 0, "100,", "!Ref AWS::NoValue,", id="dropped-in-that-branch"),
        pytest.param("!If [Prod, !Ref Limit, !Ref AWS::NoValue]", 7, "!Ref Limit", "7", id="a-parameter-in-a-branch"),
        pytest.param("!If [Prod, 100, !Ref AWS::NoValue]", 0,
                     "      ReservedConcurrentExecutions: !If [Prod, 100, !Ref AWS::NoValue]\n", "",
                     id="nothing-in-both-branches-is-no-setting"),
        pytest.param("\n        Fn::If:\n        - Prod\n        - Fn::If: [Prod, '100', 2]  # here\n        - 3", 7,
                     "'100'", "'7'", id="a-branch-in-a-branch"),
        pytest.param("!Ref Limit", 7, "!Ref Limit", "7", id="a-parameter"),
        pytest.param("!Sub '${Limit}'", 7, "!Sub '${Limit}'", "7", id="a-substitution"),
    ],
)  # fmt: skip
def test_only_the_branch_in_force_of_a_condition_changes(value: str, room: int, old: str, new: str) -> None:
    text = IF.replace("VALUE", value)
    before, found, after = text.rpartition(old)
    assert found
    assert fixed_text(text, room) == f"{before}{new}{after}"


def test_a_condition_that_is_not_known_is_no_way_to_a_branch() -> None:
    text = IF.replace("VALUE", "!If [Prod, 100, 100]").replace(", Default: prod", "")
    assert fixed_text(text, 7) == text.replace("!If [Prod, 100, 100]", "7")


SWITCHED = dedent("""\
    Parameters:
      Limit: {Type: TYPE, Default: 100}  # per second
    Conditions:
      Limited: !Not [!Equals [!Ref Limit, OFF]]
    Resources:
      Fn:
        Type: AWS::Lambda::Function
        Properties:
          Timeout: 3
          ReservedConcurrentExecutions: !If [Limited, !Ref Limit, !Ref AWS::NoValue]
    """)


class TestParameters:
    """The Default changes where nothing else uses the parameter and it was given no value."""

    ALONE = SWITCHED.replace("!If [Limited, !Ref Limit, !Ref AWS::NoValue]", "!Ref Limit").replace("TYPE", "Number")

    def test_lowered(self) -> None:
        text = self.ALONE.partition("Conditions")[0] + "Resources" + self.ALONE.partition("Resources")[2]
        assert fixed_text(text, 7) == text.replace("100", "7")

    @pytest.mark.parametrize(
        ("kind", "off", "default"), [("Number", "0", "0"), ("String", "''", '""'), ("Number", "-1", "-1")]
    )
    def test_switched_off(self, kind: str, off: str, default: str) -> None:
        text = SWITCHED.replace("TYPE", kind).replace("OFF", off)
        (edit,) = fix(judged(read(text), 0), ["checkov"]).edits
        assert edit.after == text.replace("100", default)

    def test_not_by_what_only_chooses_the_value(self) -> None:
        text = IF.replace("VALUE", "!If [Prod, 100, !Ref AWS::NoValue]")
        assert fixed_text(text, 0) == text.rpartition("      Reserved")[0]

    def test_given_a_value_it_is_replaced_where_it_is_used(self) -> None:
        text = SWITCHED.replace("TYPE", "Number").replace("OFF", "0")
        assert fixed_text(text, 7, {"Limit": "100"}) == text.replace("[Limited, !Ref Limit,", "[Limited, 7,")

    def test_likewise_where_it_serves_something_else(self) -> None:
        text = SWITCHED.replace("TYPE", "Number").replace("OFF", "0").replace("Timeout: 3", "Timeout: !Ref Limit")
        assert fixed_text(text, 7) == text.replace("[Limited, !Ref Limit,", "[Limited, 7,")


ANCHORED = dedent("""\
    Resources:
      Fn:
        Type: AWS::Lambda::Function
        Properties: &shared
          ReservedConcurrentExecutions: &limit 100
          MemorySize: 512
      Other:
        Type: AWS::Lambda::Function
        Properties: OTHER
    """)


class TestAnchors:
    @pytest.mark.parametrize(
        "other",
        ["*shared", "{<<: *shared}", "{ReservedConcurrentExecutions: *limit}", "{<<: [{Timeout: 3}, *shared]}"],
        ids=["alias-of-the-properties", "merged", "alias-of-the-value", "merged-among-others"],
    )  # fmt: skip
    def test_a_shared_value_changes_where_it_is_defined(self, other: str) -> None:
        text = ANCHORED.replace("OTHER", other)
        assert fixed_text(text, 80) == text.replace("100", "40")

    def test_not_when_another_setting_uses_it(self) -> None:
        text = ANCHORED.replace("OTHER", "{Timeout: *limit}")
        with pytest.raises(UsageError, match=r"^t\.yaml:9: "):
            fixed_text(text, 80)

    def test_not_when_the_others_need_another_value(self) -> None:
        text = ANCHORED.replace("OTHER", "{<<: *shared}")
        with pytest.raises(UsageError, match=r"^t\.yaml:5: .* of Fn .* Other\b"):
            fixed_text(text, 81)

    def test_what_a_merge_key_brings_to_one_alone_is_overridden_there(self) -> None:
        common = "Metadata: {Common: &common {ReservedConcurrentExecutions: 100}}\n"
        text = common + dedent("""\
            Resources:
              Fn:
                Type: AWS::Lambda::Function
                Properties:
                  <<: *common
                  Timeout: 3
              Other:
                Type: AWS::Lambda::Function
                Properties: {<<: *common, MemorySize: 512}
            """)
        own = "      <<: *common\n"
        expected = text.replace(own, f"      ReservedConcurrentExecutions: 41\n{own}").replace(
            "{<<", "{ReservedConcurrentExecutions: 40, <<"
        )
        assert fixed_text(text, 81) == expected

    def test_dropping_what_hides_a_merged_value_leaves_no_value(self) -> None:
        text = ANCHORED.replace("OTHER", "\n      <<: *shared\n      ReservedConcurrentExecutions: 7").replace(
            "100", "0"
        )
        assert fixed_text(text, 0) == text.replace(": 7", ": !Ref AWS::NoValue")

    def test_a_value_with_an_anchor_is_not_dropped_from_under_its_alias(self) -> None:
        text = ANCHORED.replace("OTHER", "{Timeout: *limit}")
        with pytest.raises(UsageError, match="alias \\*limit"):
            fixed_text(text, 0)


ONE_LINE = (
    "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 100, Handler: x}}}\n"
)


class TestMergedInPlace:
    """What a merge key brings may hide the same entry elsewhere, so it stays, without a value."""

    TEXT = "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      <<: MERGED\n      Handler: x\n"
    SETTING = "{ReservedConcurrentExecutions: 100}"

    @pytest.mark.parametrize(
        "merged",
        [
            SETTING,
            f"&common {SETTING}",
            f"{{<<: {SETTING}}}",
            f"[{SETTING}, {{Timeout: 3}}]",
            f"[{{Timeout: 3}}, {SETTING}]",
            f"[{{Timeout: 3}}, {SETTING}, {{ReservedConcurrentExecutions: 50}}]",
            "{ReservedConcurrentExecutions: 100, Timeout: 3}",
            "\n        ReservedConcurrentExecutions: 100",
            "\n        ReservedConcurrentExecutions: 100  # many\n        Timeout: 3",
            "\n      - Timeout: 3\n      - ReservedConcurrentExecutions: 100\n        MemorySize: 128",
        ],
    )
    def test_it_has_no_value_any_more(self, merged: str) -> None:
        text = self.TEXT.replace("MERGED", merged)
        assert fixed_text(text, 0) == text.replace("100", "!Ref AWS::NoValue")

    def test_between_braces_too(self) -> None:
        text = f"Resources: {{Fn: {{<<: {{Properties: {self.SETTING}}}, Type: AWS::Lambda::Function}}}}\n"
        assert fixed_text(f"Metadata: {{}}\n{text}", 0) == f"Metadata: {{}}\n{text.replace('100', '!Ref AWS::NoValue')}"

    def test_a_first_entry_with_its_comma_on_the_next_line(self) -> None:
        text = ONE_LINE.replace("100", "100 # many\n   ")
        assert fixed_text(text, 0) == text.replace("100", "!Ref AWS::NoValue")


class TestBehindABlock:
    """A block above would take in the blank lines and comments that follow, so the entry stays, without a value."""

    @pytest.mark.parametrize(
        ("block", "behind"), [("|+", "\n"), (">+", "\n\n"), ("|", "        # on the handler\n")], ids=repr
    )
    def test_it_has_no_value_any_more(self, block: str, behind: str) -> None:
        text = YAML.replace("Timeout: 3\n", f"Description: {block}\n        ours\n\n").replace("# why\n", f"\n{behind}")
        assert "Description" in text
        assert fixed_text(text, 0) == text.replace("'100'", "!Ref AWS::NoValue")

    def test_with_nothing_to_take_in_it_goes(self) -> None:
        text = "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: |+\n        x\n\n"
        assert fixed_text(f"{text}      ReservedConcurrentExecutions: 100\n", 0) == text


class TestBorrowed:
    """A value that only an anchor elsewhere lends is dropped where it is borrowed."""

    TEXT = "Metadata: {Many: &many 100}\nConditions: {C: !Equals [a, a]}\n" + ONE_LINE.replace("100", "VALUE")

    def test_the_setting_goes_and_the_anchor_stays(self) -> None:
        assert fixed_text(self.TEXT.replace("VALUE", "*many"), 0) == self.TEXT.replace(
            "ReservedConcurrentExecutions: VALUE, ", ""
        )

    def test_in_a_branch_of_a_condition(self) -> None:
        text = self.TEXT.replace("VALUE", "!If [C, *many, 5]")
        assert fixed_text(text, 0) == text.replace("*many", "!Ref AWS::NoValue")

    def test_what_else_borrows_it_does_not_matter(self) -> None:
        text = self.TEXT.replace("VALUE, Handler: x", "*many, Timeout: *many")
        assert fixed_text(text, 0) == text.replace("ReservedConcurrentExecutions: *many, ", "")

    def test_lowered_it_changes_at_the_anchor(self) -> None:
        text = self.TEXT.replace("VALUE", "*many")
        assert fixed_text(text, 7) == text.replace("100", "7")
