"""The demand of one template of each kind that is written in the field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.concurrency.demand import Demand
from tapctl.concurrency.read_demand import read_demand
from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.load import load
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.templates import demand as text_demand

TEMPLATES = Path(__file__).parent / "templates"


def demand(
    name: str, given: Mapping[str, str] | None = None, lookups: Mapping[str, str | Unknown] | None = None
) -> Demand:
    template = load(str(TEMPLATES / name))
    return read_demand(stack_tree(template, Parameters(given or {}, {}, lookups or {}), {"AWS::Region": "eu-west-1"}))


def numbers(found: Demand) -> dict[str, Any]:
    """What is reserved by each function, `?` where it is not known."""
    return {
        function.logical_id: "?" if isinstance(function.reserved, Unknown) else function.reserved
        for function in found.functions
    }


class TestServerless:
    def test_globals_are_merged_and_an_own_no_value_escapes_them(self) -> None:
        found = demand("serverless.yaml")
        assert numbers(found) == {"Inherits": 30, "Overrides": 5, "Escapes": None, "Warmed": 30, "Drains": 30}

    def test_a_given_value_beats_the_default_within_the_transform(self) -> None:
        found = demand("serverless.yaml", {"Stage": "prod", "Warm": "7"})
        assert numbers(found)["Escapes"] == 40
        (alias,) = next(function for function in found.functions if function.logical_id == "Warmed").provisioned
        assert (alias.logical_id, alias.value, alias.source) == ("WarmedAliasliveDblue", 7, "parameter Warm")

    def test_what_is_inherited_is_shown_where_it_is_written(self) -> None:
        inherits = next(
            function for function in demand("serverless.yaml").functions if function.logical_id == "Inherits"
        )
        assert (inherits.line, inherits.reserved_line, inherits.reserved_source) == (14, 12, "literal in Globals")

    def test_an_event_source_reserves_nothing(self) -> None:
        found = demand("serverless.yaml")
        assert [(source.logical_id, source.maximum, source.function) for source in found.event_sources] == [
            ("DrainsQueue", 9, "Drains")
        ]
        assert found.reserved == 95


class TestLoops:
    def test_they_are_unrolled_with_what_is_given(self) -> None:
        assert numbers(demand("loops.yaml", {"Env": "prod"})) == {
            "Counted": 2, "RedFixed": 3, "RedFast": 10, "RedSlow": 10, "BlueFixed": 0, "BlueFast": 20, "BlueSlow": 20,
        }  # fmt: skip

    def test_a_lookup_by_an_unknown_key_is_not_guessed(self) -> None:
        found = numbers(demand("loops.yaml"))
        assert (found["RedFixed"], found["RedFast"], found["BlueSlow"]) == (3, "?", "?")

    def test_a_given_collection_makes_other_functions(self) -> None:
        assert numbers(demand("loops.yaml", {"Env": "dev", "Teams": "Blue"})) == {
            "Counted": 1, "BlueFixed": 0, "BlueFast": 2, "BlueSlow": 2,
        }  # fmt: skip

    def test_a_key_that_the_map_lacks_is_an_error_with_its_line(self) -> None:
        with pytest.raises(TemplateError, match=r"loops\.yaml:26: .*Sizes\.dev\.Green"):
            demand("loops.yaml", {"Env": "dev", "Teams": "Blue,Green"})

    def test_a_loop_needs_its_transform(self, tmp_path: Path) -> None:
        text = (TEMPLATES / "loops.yaml").read_text().replace("Transform: AWS::LanguageExtensions\n", "")
        (tmp_path / "loops.yaml").write_text(text)
        with pytest.raises(TemplateError, match="AWS::LanguageExtensions"):
            demand(str(tmp_path / "loops.yaml"), {"Env": "dev"})


class TestBesideClaims:
    def test_a_scaling_range_is_reported_with_its_schedules(self) -> None:
        found = demand("scaling.yaml")
        (target,) = found.scaling
        assert (target.logical_id, target.minimum, target.maximum) == ("Target", 3, 50)
        assert (target.most_minimum, target.function) == (10, "Fn")

    def test_an_explicit_zero_is_not_unset(self) -> None:
        assert numbers(demand("scaling.yaml"))["Fn"] == 0

    def test_a_reservation_on_managed_instances_is_unknown(self) -> None:
        assert numbers(demand("scaling.yaml"))["Managed"] == "?"

    def test_opaque_resources_are_listed(self) -> None:
        assert [(resource.logical_id, resource.type) for resource in demand("scaling.yaml").opaque_resources] == [
            ("Managed", "AWS::Lambda::Function"),
            ("Hook", "Custom::Hook"),
            ("Shared", "Acme::Team::Thing::MODULE"),
            ("Included", "Fn::Transform"),
        ]


class TestWhatIsElsewhere:
    def test_a_product_of_service_catalog_is_a_remote_stack(self) -> None:
        found = text_demand("Resources: {P: {Type: AWS::ServiceCatalog::CloudFormationProvisionedProduct}}")
        assert numbers(found) == {"P/*": "?"}

    def test_a_stack_set_is_named(self) -> None:
        found = text_demand("Resources: {S: {Type: AWS::CloudFormation::StackSet}}")
        assert [resource.logical_id for resource in found.opaque_resources] == ["S"]
        assert found.unknowns == []

    def test_an_include_that_sam_does_not_see_is_named(self) -> None:
        include = "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://elsewhere/x.json}}}"
        found = text_demand(f"""
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: live, DefinitionBody: {include}}}}}
              Steps: {{Type: AWS::Serverless::StateMachine, Properties: {{Definition: {include}}}}}
              Topic: {{Type: AWS::SNS::Topic, Properties: {{Tags: [{include}]}}}}
            """)
        assert [(resource.logical_id, resource.line) for resource in found.opaque_resources] == [
            ("Topic", 6),
            ("Api", 4),
            ("Steps", 5),
        ]
        assert found.unknowns == []


class TestManagedInstances:
    TEXT = """
    Parameters: {{P: {{Type: String}}}}
    Conditions: {{Always: !Equals [a, a], Never: !Equals [a, b], Open: !Equals [!Ref P, a]}}
    Resources:
      Fn:
        Type: AWS::Lambda::Function
        Properties:
          CapacityProviderConfig: {config}
          FunctionScalingConfig: {{MinExecutionEnvironments: 300}}
          {reserved}
      A:
        Type: AWS::Lambda::Alias
        Properties: {{FunctionName: !Ref Fn, Name: live, FunctionVersion: '1'{provisioned}}}
    """
    SET, NONE = "{LambdaManagedInstancesCapacityProviderConfig: {CapacityProviderArn: arn}}", "!Ref AWS::NoValue"
    RESERVED = "ReservedConcurrentExecutions: 5"
    PROVISIONED = ", ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 3}"

    @pytest.mark.parametrize(
        ("config", "expected", "opaque"),
        [
            pytest.param(NONE, {"Fn": 5}, [], id="unset"),
            pytest.param(f"!If [Never, {SET}, {NONE}]", {"Fn": 5}, [], id="unset-by-a-condition"),
            pytest.param(SET, {"Fn": "?"}, ["Fn"], id="set"),
            pytest.param(f"!If [Always, {SET}, {NONE}]", {"Fn": "?"}, ["Fn"], id="set-by-a-condition"),
            pytest.param(f"!If [Open, {SET}, {NONE}]", {"Fn": "?"}, ["Fn"], id="maybe-set"),
        ],
    )
    def test_the_resolved_value_decides(self, config: str, expected: dict[str, object], opaque: list[str]) -> None:
        found = text_demand(self.TEXT.format(config=config, reserved=self.RESERVED, provisioned=""))
        assert numbers(found) == expected
        assert [resource.logical_id for resource in found.opaque_resources] == opaque

    def test_what_it_scales_to_is_not_in_the_pool(self) -> None:
        (only,) = text_demand(self.TEXT.format(config=self.SET, reserved="", provisioned="")).functions
        assert (only.logical_id, only.reserved, only.provisioned) == ("Fn", None, ())

    def test_provisioned_concurrency_there_is_unknown_and_of_the_function(self) -> None:
        (only,) = text_demand(self.TEXT.format(config=self.SET, reserved="", provisioned=self.PROVISIONED)).functions
        assert (only.logical_id, only.reserved) == ("Fn", None)
        assert [isinstance(version.value, Unknown) for version in only.provisioned] == [True]


class TestNestedStacks:
    def test_the_tree_is_read_with_the_parents_parameters(self) -> None:
        found = demand("nested/root.yaml", {"Limit": "9", "Stage": "prod"})
        assert numbers(found) == {"Child/Fn": 9, "Child/Named": None, "Child/Leaf/Fn": 6, "Maybe/Fn": 6, "Far/*": "?"}
        assert found.reserved == 21
        assert next(function.name for function in found.functions if function.logical_id == "Child/Named") == "Two"

    def test_the_claim_of_a_stack_that_may_not_exist_is_unknown(self) -> None:
        assert numbers(demand("nested/root.yaml"))["Maybe/Fn"] == "?"

    def test_a_remote_template_is_unknown_and_named(self) -> None:
        far = next(function for function in demand("nested/root.yaml").functions if function.logical_id == "Far/*")
        assert isinstance(far.reserved, Unknown)
        assert "https://s3.amazonaws.com/bucket/far.yaml" in far.reserved.reason

    def test_a_circle_is_refused(self, tmp_path: Path, golden: Golden) -> None:
        nested = "Resources: {{{0}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {1}}}}}}}"
        (tmp_path / "a.yaml").write_text(nested.format("B", "b.yaml"))
        (tmp_path / "b.yaml").write_text(nested.format("A", "a.yaml"))
        with pytest.raises(TemplateError, match=r"(a|b)\.yaml:1: ") as caught:
            demand(str(tmp_path / "a.yaml"))
        golden(caught.value)

    def test_a_missing_template_is_reported_with_the_resource_that_nests_it(
        self, tmp_path: Path, golden: Golden
    ) -> None:
        text = "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: kid.yaml}\n"
        (tmp_path / "a.yaml").write_text(text)
        with pytest.raises(TemplateError, match=r"a\.yaml:4: .*Child.*kid\.yaml") as caught:
            demand(str(tmp_path / "a.yaml"))
        golden(caught.value)

    def test_an_application_of_sam_is_followed_too(self, tmp_path: Path) -> None:
        (tmp_path / "leaf.yaml").write_text((TEMPLATES / "nested/child/leaf.yaml").read_text())
        (tmp_path / "app.yaml").write_text(
            "Transform: AWS::Serverless-2016-10-31\n"
            "Resources: {App: {Type: 'AWS::Serverless::Application', Properties: {Location: leaf.yaml}}}\n"
        )
        assert numbers(demand(str(tmp_path / "app.yaml"))) == {"App/Fn": 6}


def test_a_cdk_folder_stands_for_its_stack_and_follows_nested_assets() -> None:
    assert numbers(demand("cdk.out")) == {"WorkerCCE802FB": 12, "InnerNestedStackResource/Fn": 1}


class TestStoredValues:
    TEXT = (
        "Parameters: {{P: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /limits/p}}}}\n"
        "Resources: {{Fn: {{Type: 'AWS::Lambda::Function', Properties: {{ReservedConcurrentExecutions: {0}}}}}}}\n"
    )

    @pytest.mark.parametrize(
        ("value", "key"),
        [
            pytest.param("!Ref P", "ssm:/limits/p", id="an-ssm-typed-parameter-names-what-is-stored"),
            pytest.param("'{{resolve:ssm:/limits/d}}'", "ssm:/limits/d", id="a-dynamic-reference"),
            pytest.param("'{{resolve:ssm:/limits/d:3}}'", "ssm:/limits/d:3", id="one-version-of-it"),
            pytest.param("!ImportValue Shared", "import:Shared", id="an-export-of-another-stack"),
        ],
    )
    def test_it_is_unknown_by_name_until_it_is_looked_up(self, tmp_path: Path, value: str, key: str) -> None:
        (tmp_path / "t.yaml").write_text(self.TEXT.format(value))
        (unknown,) = demand(str(tmp_path / "t.yaml")).unknowns
        assert (unknown.lookup, unknown.resolution) == (key, advise(JudgementAdvice.PASS_LOOKUP, key))
        assert numbers(demand(str(tmp_path / "t.yaml"), lookups={key: "8"})) == {"Fn": 8}
