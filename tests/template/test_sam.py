"""SAM as AWS runs it: with what is known, without what is not, and without AWS."""

import socket
from typing import Any

import pytest

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.model import Template
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.templates import demand, stack_tree_of

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
EXTENDED = "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
FUNCTION = """\
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      ReservedConcurrentExecutions: 9
"""
INLINE = f"{FUNCTION}      InlineCode: pass\n"
STAGE = "Parameters: {Stage: {Type: String}}\n"
PROVISIONED = "      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}\n"


def translated(text: str, **given: str) -> Template:
    return stack_tree_of(text, given).resolver.template


def claims(text: str, **given: str) -> dict[str, Any]:
    """Reserved and provisioned concurrency by logical id, `?` where they are unknown."""
    numbers: dict[str, Any] = {}
    for function in demand(text, given).functions:
        numbers[function.logical_id] = function.reserved
        numbers |= {version.logical_id: version.value for version in function.provisioned}
    return {name: "?" if isinstance(value, Unknown) else value for name, value in numbers.items()}


class TestApplications:
    TEXT = (
        HEAD + "Parameters: {Version: {Type: String, Default: 1.0.0}}\n"
        "Resources:\n"
        "  App:\n"
        "    Type: AWS::Serverless::Application\n"
        "    Properties: {Location: {ApplicationId: 'arn:aws:serverlessrepo:::app/a', SemanticVersion: !Ref Version}}\n"
    )

    @pytest.fixture
    def offline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing can be asked, though there are credentials and a Region."""

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("something was asked")

        for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("REGION", "eu-west-1")):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)

    @pytest.mark.usefixtures("offline")
    def test_one_of_the_repository_is_a_remote_stack_and_nothing_is_asked(self, golden: Golden) -> None:
        (remote,) = stack_tree_of(self.TEXT).remotes()
        assert (remote.prefix, remote.line) == ("App/", 4)
        assert remote.unknown.resolution == advise(JudgementAdvice.PREFLIGHT_NESTED_TEMPLATE)
        golden(remote.unknown.reason)

    @pytest.mark.usefixtures("offline")
    @pytest.mark.parametrize(
        "location",
        [
            pytest.param("{ApplicationId: !Ref Version, SemanticVersion: '{{resolve:ssm:v}}'}", id="by-functions"),
            pytest.param("!If [Own, {ApplicationId: a, SemanticVersion: 1.0.0}, 'https://b/t.yaml']", id="by-a-choice"),
            pytest.param("https://bucket.s3.amazonaws.com/t.yaml", id="by-address"),
        ],
    )
    def test_its_location_may_be_computed(self, location: str) -> None:
        text = self.TEXT.replace(
            "{ApplicationId: 'arn:aws:serverlessrepo:::app/a', SemanticVersion: !Ref Version}", location
        )
        text = text.replace("Resources:", "Conditions: {Own: !Equals [!Ref Version, 1.0.0]}\nResources:")
        assert claims(text) == {"App/*": "?"}

    @pytest.mark.usefixtures("offline")
    @pytest.mark.parametrize("location", ["{ApplicationId: a}", "{ApplicationId: [], SemanticVersion: 1.0.0}", "{}"])
    def test_an_invalid_location_is_sams_error(self, location: str) -> None:
        text = self.TEXT.replace(
            "{ApplicationId: 'arn:aws:serverlessrepo:::app/a', SemanticVersion: !Ref Version}", location
        )
        with pytest.raises(TemplateError, match=r"template\.yaml:4: Resource with id \[App\] is invalid"):
            stack_tree_of(text)


class TestLanguageExtensions:
    @pytest.mark.parametrize(
        ("alias", "logical_id"),
        [
            pytest.param("!Sub '${Stage}v2'", "FnAliasprodv2", id="a-text"),
            pytest.param("!If [IsProd, live, !Ref AWS::NoValue]", "FnAliaslive", id="a-choice"),
            pytest.param("!FindInMap [Names, !Ref Stage, alias]", "FnAliasmapped", id="a-lookup"),
            pytest.param("!Select [1, [a, second]]", "FnAliassecond", id="a-selection"),
        ],
    )
    def test_what_is_known_is_filled_in_before_sam(self, alias: str, logical_id: str) -> None:
        sections = "Mappings: {Names: {prod: {alias: mapped}}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
        text = f"{EXTENDED}{STAGE}{sections}{INLINE}      AutoPublishAlias: {alias}\n{PROVISIONED}"
        assert claims(text, Stage="prod") == {"Fn": 9, logical_id: 2}

    def test_without_them_sam_refuses_it(self, golden: Golden) -> None:
        with pytest.raises(TemplateError) as caught:
            stack_tree_of(f"{HEAD}{STAGE}{INLINE}      AutoPublishAlias: !Sub '${{Stage}}v2'\n", {"Stage": "prod"})
        golden(caught.value)

    def test_an_unknown_text_is_a_part_of_the_name(self) -> None:
        text = f"{EXTENDED}{STAGE}{INLINE}      AutoPublishAlias: !Sub '${{Stage}}v2'\n{PROVISIONED}"
        assert claims(text) == {"Fn": 9, "FnAlias${Stage}v2": "?"}

    def test_an_unknown_choice_is_no_guess(self) -> None:
        sections = f"{STAGE}Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}\n"
        text = f"{EXTENDED}{sections}{INLINE}      AutoPublishAlias: !If [IsProd, live, test]\n"
        assert claims(text) == {"Fn": "?"}

    def test_the_source_of_a_reservation_stays(self) -> None:
        text = f"{EXTENDED}Parameters: {{Limit: {{Type: Number, Default: 4}}}}\n{INLINE.replace('9', '!Ref Limit')}"
        (function,) = demand(text).functions
        assert (function.reserved, function.reserved_source) == (4, "parameter Limit")


class TestUnknownValues:
    ALIAS = f"{HEAD}{STAGE}{INLINE}      AutoPublishAlias: !Ref Stage\n{PROVISIONED}"

    def test_an_alias_of_an_unknown_name_has_an_unknown_claim(self) -> None:
        assert claims(self.ALIAS) == {"Fn": 9, "FnAlias${Stage}": "?"}
        assert claims(self.ALIAS, Stage="beta") == {"Fn": 9, "FnAliasbeta": 2}
        (unknown,) = demand(self.ALIAS).unknowns
        assert unknown.resolution == advise(JudgementAdvice.PASS_PARAMETER, "Stage")

    def test_a_condition_that_is_false_decides(self) -> None:
        text = self.ALIAS.replace("    Properties", "    Condition: Never\n    Properties")
        text = text.replace("Resources:", "Conditions: {Never: !Equals [a, b]}\nResources:")
        assert claims(text) == {}

    def test_what_sam_generates_refers_to_the_parameter_again(self) -> None:
        body = translated(self.ALIAS).body
        alias = body["Resources"]["FnAlias${Stage}"]
        assert alias["Properties"]["Name"] == {"Ref": "Stage"}
        assert "tapctlUnknown" not in str(body)

    def test_a_function_that_sam_refuses_for_it_is_opaque(self) -> None:
        event = "{Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref Stage}}"
        text = f"{HEAD}{STAGE}{INLINE}      Events: {{E: {event}}}\n"
        assert [*translated(text).opaque] == [("Resources", "Fn")]
        assert claims(text) == {"Fn": "?"}

    def test_another_refusal_is_an_error(self, golden: Golden) -> None:
        other = "  Other: {Type: AWS::Serverless::Function, Properties: {Handler: 1, AutoPublishAlias: [x]}}\n"
        with pytest.raises(TemplateError) as caught:
            stack_tree_of(f"{HEAD}{STAGE}{INLINE}{other}")
        golden(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("CodeUri: !Ref Stage", id="by-ref"),
        pytest.param("CodeUri: !Sub './${Stage}'", id="by-sub"),
        pytest.param("CodeUri: !If [Local, ./a, ./b]", id="by-if"),
        pytest.param("CodeUri: ''", id="empty"),
        pytest.param("MemorySize: 512", id="none"),
    ],
)
@pytest.mark.parametrize("given", [{}, {"Stage": "src"}], ids=["unknown", "known"])
def test_code_that_a_build_fills_in_does_not_matter(code: str, given: dict[str, str]) -> None:
    text = f"{HEAD}{STAGE}Conditions: {{Local: !Equals [!Ref Stage, src]}}\n{FUNCTION}      {code}\n"
    assert claims(text, **given) == {"Fn": 9}
    in_globals = f"{HEAD}{STAGE}Conditions: {{Local: !Equals [!Ref Stage, src]}}\nGlobals: {{Function: {{{code}}}}}\n"
    assert claims(f"{in_globals}{FUNCTION}", **given) == {"Fn": 9}


@pytest.mark.parametrize("image", ["ImageUri: ''", "ImageUri: !Ref Stage", "MemorySize: 512"])
def test_an_image_that_a_build_makes_does_not_matter(image: str) -> None:
    text = FUNCTION.replace("Handler: a.b", "PackageType: Image").replace("Runtime: python3.13", image)
    assert claims(f"{HEAD}{STAGE}{text}") == {"Fn": 9}


def test_a_layer_whose_content_a_build_fills_in_does_not_matter() -> None:
    layer = "  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: !Ref Stage}}\n"
    assert claims(f"{HEAD}{STAGE}{INLINE}{layer}") == {"Fn": 9}


def test_the_conditions_that_sam_nests_are_followed() -> None:
    text = (
        f"{HEAD}Parameters: {{Own: {{Type: String, Default: 'no'}}}}\n"
        "Conditions: {Has: !Equals [!Ref Own, 'yes'], On: !Not [!Condition Has]}\n"
        f"{INLINE.replace('    Properties', '    Condition: Has' + chr(10) + '    Properties')}"
        "      EventInvokeConfig:\n        DestinationConfig:\n"
        "          OnFailure: {Type: SQS, Destination: !If [Has, 'arn:aws:sqs:::q', !Ref AWS::NoValue]}\n"
    )
    assert claims(text.replace(", On: !Not [!Condition Has]", ""), Own="yes") == {"Fn": 9}
