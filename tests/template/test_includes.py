"""AWS::Include and what stands beside it: local files are put in, and what is not here is unknown by name and line."""

from pathlib import Path
from textwrap import dedent

import pytest

from tapctl.concurrency.demand import Demand
from tapctl.concurrency.read_demand import read_demand
from tapctl.errors import TemplateError, UsageError
from tapctl.template.load import load
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import Parameters
from tapctl.unknown import Unknown
from tests.support.golden import Golden

FN = "{{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}"
SAM_FN = "{{Type: AWS::Serverless::Function, Properties: {{InlineCode: x, Handler: a.b, Runtime: python3.13, {}}}}}"
PART = "{Name: AWS::Include, Parameters: {Location: part.yaml}}"
REMOTE = "{Name: AWS::Include, Parameters: {Location: 's3://bucket/part.yaml'}}"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def tree(text: str, part: str | None = None, **given: str) -> StackTree:
    Path("t.yaml").write_text(dedent(text))
    if part is not None:
        Path("part.yaml").write_text(dedent(part))
    return stack_tree(load("t.yaml"), Parameters(given), {})


def demand(text: str, part: str | None = None, **given: str) -> Demand:
    return read_demand(tree(text, part, **given))


def reserved(found: Demand) -> dict[str, int | str | None]:
    """The reservation of each function, `?` where it is unknown."""
    return {
        function.logical_id: "?" if isinstance(function.reserved, Unknown) else function.reserved
        for function in found.functions
    }


class TestLocalFiles:
    @pytest.mark.parametrize(
        ("text", "part"),
        [
            pytest.param(
                f"Resources: {{T: {{Type: A::B::C}}, Fn::Transform: {PART}}}", f"Fn: {FN.format(7)}", id="entry"
            ),
            pytest.param(f"Resources: {{Fn::Transform: {PART}}}", f"Fn: {FN.format(7)}", id="all-entries"),
            pytest.param(f"Resources: {{Fn: {{Fn::Transform: {PART}}}}}", FN.format(7), id="body"),
            pytest.param(
                f"Resources: {{Fn: {{Type: AWS::Lambda::Function, Fn::Transform: {PART}}}}}",
                "Properties: {ReservedConcurrentExecutions: 7}",
                id="beside-the-type",
            ),
            pytest.param(
                f"Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{A: x, Fn::Transform: {PART}}}}}}}",
                "ReservedConcurrentExecutions: 7",
                id="among-the-properties",
            ),
            pytest.param(
                f"Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{Fn::Transform: {PART}}}}}}}",
                '{"ReservedConcurrentExecutions": 7}',
                id="all-properties-in-json",
            ),
            pytest.param(
                f"Mappings: {{Fn::Transform: {PART}}}\nResources: {{Fn: {FN.format('!FindInMap [M, a, b]')}}}",
                "M: {a: {b: 7}}",
                id="mappings",
            ),
            pytest.param(
                f"Conditions: {{Fn::Transform: {PART}}}\nResources: {{Fn: {FN.format('!If [C, 7, 8]')}}}",
                "C: !Equals [a, a]",
                id="conditions",
            ),
            pytest.param(
                f"Parameters: {{Fn::Transform: {PART}}}\nResources: {{Fn: {FN.format('!Ref P')}}}",
                "P: {Type: Number, Default: 7}",
                id="parameters",
            ),
            pytest.param(f"Transform: {PART}\nMappings: {{}}", f"Resources: {{Fn: {FN.format(7)}}}", id="top-level"),
            pytest.param(f"Fn::Transform: {PART}", f"Resources: {{Fn: {FN.format(7)}}}", id="top-level-function"),
            pytest.param(
                f"Transform: [{PART}]\nResources: {{T: {{Type: A::B::C}}}}",
                f"Resources: {{Fn: {FN.format(7)}}}",
                id="top-level-beside-the-section",
            ),
            pytest.param(
                "Transform: AWS::Serverless-2016-10-31\nResources: {Fn: {Type: AWS::Serverless::Function, Properties:"
                f" {{InlineCode: x, ReservedConcurrentExecutions: 7, Fn::Transform: {PART}}}}}}}",
                "Handler: a.b\nRuntime: python3.13\n",
                id="before-sam",
            ),
            pytest.param(
                f"Transform: AWS::Serverless-2016-10-31\nGlobals: {{Function: {{Fn::Transform: {PART}}}}}\n"
                "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {InlineCode: x}}}",
                "Handler: a.b\nRuntime: python3.13\nReservedConcurrentExecutions: 7",
                id="in-globals",
            ),
            pytest.param(
                "Transform: AWS::LanguageExtensions\nResources: {Fn::ForEach::L: [N, [n], {'F${N}': "
                f"{{Type: AWS::Lambda::Function, Properties: {{Fn::Transform: {PART}}}}}}}]}}",
                "ReservedConcurrentExecutions: 7",
                id="before-loops",
            ),
        ],
    )
    def test_a_file_is_put_in_everywhere(self, text: str, part: str) -> None:
        assert [*reserved(demand(text, part)).values()] == [7]

    def test_the_lines_are_those_of_the_included_file(self) -> None:
        text = f"""\
            Resources:
              Own:
                Type: AWS::Lambda::Function
                Properties:
                  Fn::Transform: {PART}
              Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: more.yaml}}}}
            """
        Path("more.yaml").write_text(f"\n\nFn:\n  {FN.format(5)}\n")
        functions = demand(text, "\nReservedConcurrentExecutions: 7\n").functions
        assert [(function.file, function.line, function.claim_place) for function in functions] == [
            ("t.yaml", 2, ("part.yaml", 2)),
            ("more.yaml", 3, ("more.yaml", 4)),
        ]

    def test_an_error_in_it_has_its_place(self, golden: Golden) -> None:
        with pytest.raises(TemplateError) as caught:
            demand(f"Resources: {{Fn::Transform: {PART}}}", f"\nFn: {FN.format(-1)}")
        assert (caught.value.file, caught.value.line) == ("part.yaml", 2)
        golden(caught.value)

    def test_a_path_is_relative_to_the_file_that_names_it(self) -> None:
        Path("sub").mkdir()
        Path("sub/part.yaml").write_text(f"Fn: {FN.format(7)}")
        Path("sub/t.yaml").write_text(f"Resources: {{Fn::Transform: {PART}}}")
        nested = "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: sub/t.yaml}}}"
        assert reserved(demand(nested)) == {"S/Fn": 7}

    def test_it_may_include_another_but_not_itself(self, golden: Golden) -> None:
        Path("more.yaml").write_text(FN.format(7))
        text = f"Resources: {{Fn::Transform: {PART}}}"
        assert reserved(demand(text, f"Fn: {{Fn::Transform: {PART.replace('part', 'more')}}}")) == {"Fn": 7}
        with pytest.raises(TemplateError) as caught:
            demand(text, f"Fn: {{Fn::Transform: {PART}}}")
        golden(caught.value)

    def test_what_both_give_differently_is_unknown(self) -> None:
        properties = "Properties: {ReservedConcurrentExecutions: 5, Fn::Transform: "
        text = f"Resources: {{Fn: {{Type: AWS::Lambda::Function, {properties}"
        assert reserved(demand(f"{text}{PART}}}}}}}", "ReservedConcurrentExecutions: 7")) == {"Fn": "?"}
        assert reserved(demand(f"{text}{PART}}}}}}}", "ReservedConcurrentExecutions: 5")) == {"Fn": 5}

    def test_a_parameter_of_it_can_be_given(self) -> None:
        text = f"Parameters: {{Fn::Transform: {PART}}}\nResources: {{Fn: {FN.format('!Ref P')}}}"
        assert reserved(demand(text, "P: {Type: Number}", P="3")) == {"Fn": 3}
        with pytest.raises(UsageError):
            demand(text, "P: {Type: Number}", Q="3")


class TestNotHere:
    """The row of what is not here, beside a function that does not use it."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param(f"  Fn::Transform: {REMOTE}\n", {"Fn::Transform/*": "?", "Own": 5}, id="entries"),
            pytest.param(f"  X: {{Fn::Transform: {REMOTE}}}\n", {"X/*": "?", "Own": 5}, id="body"),
            pytest.param("  X: {Type: Acme::X::Y::MODULE}\n", {"X/*": "?", "Own": 5}, id="module"),
            pytest.param("  X: {Type: A::B::C, Fn::Transform: {Name: Mine}}\n", {"X/*": "?", "Own": 5}, id="macro"),
            pytest.param(
                f"  X: {{Type: AWS::Lambda::Function, Fn::Transform: {REMOTE}}}\n", {"X": "?", "Own": 5}, id="function"
            ),
            pytest.param(f"  X: {{Type: AWS::SNS::Topic, Fn::Transform: {REMOTE}}}\n", {"Own": 5}, id="no-function"),
            pytest.param(
                f"  X: {{Type: AWS::ApiGateway::RestApi, Properties: {{Body: {{Fn::Transform: {REMOTE}}}}}}}\n",
                {"Own": 5},
                id="definition-of-an-api",
            ),
            pytest.param(
                "  X: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml, Parameters: "
                f"{{Fn::Transform: {REMOTE}}}}}}}\n",
                {"X/Fn": "?", "Own": 5},
                id="parameters-of-a-nested-stack",
            ),
            pytest.param(f"Transform: {REMOTE}\n", {"Transform/*": "?", "Own": 5}, id="top-level"),
            pytest.param("Transform: Mine\n", {"Transform/*": "?", "Own": 5}, id="macro-for-all"),
            pytest.param(f"Fn::Transform: {REMOTE}\n", {"Fn::Transform/*": "?", "Own": 5}, id="top-level-function"),
            pytest.param(f"Mappings: {{Fn::Transform: {REMOTE}}}\n", {"Own": 5}, id="mappings"),
            pytest.param("  X: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: no.yaml}}}\n",
                         {"X/*": "?", "Own": 5}, id="no-such-file"),
            pytest.param("  X: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Sub 'a${AWS::Region}'}}}\n",
                         {"X/*": "?", "Own": 5}, id="no-literal"),
        ],
    )  # fmt: skip
    def test_what_it_may_bring_is_unknown(self, text: str, expected: dict[str, object], golden: Golden) -> None:
        Path("n.yaml").write_text(
            f"Parameters: {{P: {{Type: Number, Default: 1}}}}\nResources: {{Fn: {FN.format('!Ref P')}}}"
        )
        found = demand(f"Resources:\n  Own: {FN.format(5)}\n{text}")
        assert reserved(found) == expected
        golden(
            [
                f"{function.line} {function.reserved.reason}"
                for function in found.functions
                if isinstance(function.reserved, Unknown)
            ],
            "unknown",
        )
        golden(
            [
                f"{resource.logical_id} ({resource.type}) {resource.line} {resource.reason}"
                for resource in found.opaque_resources
            ],
            "named",
        )

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (f"Mappings: {{Fn::Transform: {REMOTE}}}", "!FindInMap [M, a, b]"),
            (f"Mappings: {{M: {{Fn::Transform: {REMOTE}}}}}", "!FindInMap [M, a, b]"),
            (f"Conditions: {{Fn::Transform: {REMOTE}}}", "!If [C, 7, 8]"),
            (f"Parameters: {{Fn::Transform: {REMOTE}}}", "!Ref P"),
            (f"Transform: {REMOTE}", "!Ref P"),
            ("Transform: Mine", "!FindInMap [M, a, b]"),
            ("Transform: [Mine, 'AWS::LanguageExtensions']", "!If [C, 7, 8]"),
        ],
    )
    def test_a_reference_into_it_is_unknown(self, text: str, value: str, golden: Golden) -> None:
        function = next(function for function in demand(f"{text}\nResources: {{Fn: {FN.format(value)}}}").functions)
        assert isinstance(function.reserved, Unknown)
        golden(function.reserved.reason)

    @pytest.mark.parametrize(
        "name", ["!Ref XBucket", "!GetAtt XBucket.Arn", "!GetAtt X.Bucket.Arn", "!Sub '${XBucket}'"]
    )
    def test_a_resource_of_a_module_may_be_referred_to(self, name: str) -> None:
        body = f"{{Type: AWS::Lambda::Function, Properties: {{FunctionName: {name}, ReservedConcurrentExecutions: 5}}}}"
        assert reserved(demand(f"Resources: {{X: {{Type: Acme::X::Y::MODULE}}, Fn: {body}}}")) == {"Fn": 5, "X/*": "?"}

    def test_a_reference_to_no_resource_of_a_module_is_refused(self) -> None:
        with pytest.raises(TemplateError):
            demand(f"Resources: {{X: {{Type: Acme::X::Y::MODULE}}, Fn: {FN.format('!Ref YBucket')}}}")

    def test_a_module_that_is_not_created_brings_nothing(self) -> None:
        text = "Conditions: {C: !Equals [a, b]}\nResources: {X: {Type: Acme::X::Y::MODULE, Condition: C}}"
        assert reserved(demand(text)) == {}

    def test_a_macro_may_complete_the_resources(self) -> None:
        text = f"Transform: Mine\nResources: {{Many: {{Count: 3}}, Text: x, Fn: {FN.format(5)}}}"
        assert reserved(demand(text)) == {"Fn": 5, "Transform/*": "?"}
        assert reserved(demand("Transform: Mine\nMetadata: {}")) == {"Transform/*": "?"}

    def test_a_parameter_of_it_may_be_given(self) -> None:
        text = f"Parameters: {{Fn::Transform: {REMOTE}}}\nResources: {{Fn: {FN.format('!Ref P')}}}"
        assert reserved(demand(text, P="3")) == {"Fn": "?"}


class TestAroundSam:
    SAM = "Transform: AWS::Serverless-2016-10-31\n"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param(
                f"Resources: {{Own: {SAM_FN.format('ReservedConcurrentExecutions: 5')}, Fn::Transform: {REMOTE}}}",
                {"Own": 5, "Fn::Transform/*": "?"},
                id="entries",
            ),
            pytest.param(
                f"Resources: {{Own: {{Type: AWS::Serverless::Function, Properties: {{Fn::Transform: {REMOTE}}}}}}}",
                {"Own": "?"},
                id="properties",
            ),
            pytest.param(
                "Resources: {Own: {Type: AWS::Serverless::Function, Properties: {ReservedConcurrentExecutions: 5, "
                f"Fn::Transform: {REMOTE}}}}}}}",
                {"Own": 5},
                id="other-properties",
            ),
            pytest.param(
                f"Globals: {{Function: {{Fn::Transform: {REMOTE}}}}}\n"
                "Resources: {Own: {Type: AWS::Serverless::Function, Properties: {InlineCode: x}}}",
                {"Own": "?"},
                id="globals",
            ),
            pytest.param(
                "Resources: {Api: {Type: AWS::Serverless::Api, Properties: {StageName: x, Cors: \"'*'\", "
                f"DefinitionBody: {{Fn::Transform: {REMOTE}}}}}}}, "
                f"Own: {SAM_FN.format('ReservedConcurrentExecutions: 5')}}}",
                {"Own": 5},
                id="api",
            ),
            pytest.param(
                f"Resources: {{M: {{Type: AWS::Serverless::StateMachine, Properties: {{Fn::Transform: {REMOTE}}}}}, "
                f"Own: {SAM_FN.format('ReservedConcurrentExecutions: 5')}}}",
                {"Own": 5},
                id="state-machine",
            ),
            pytest.param(
                "Resources: {M: {Type: Acme::X::Y::MODULE}, "
                f"Own: {SAM_FN.format('ReservedConcurrentExecutions: 5')}}}",
                {"Own": 5, "M/*": "?"},
                id="module",
            ),
        ],
    )
    def test_sam_does_not_see_what_is_not_here(self, text: str, expected: dict[str, object]) -> None:
        assert reserved(demand(f"{self.SAM}{text}")) == expected

    def test_what_a_macro_makes_valid_is_unknown(self) -> None:
        text = (
            "Transform: [Mine, AWS::Serverless-2016-10-31]\nResources: {Own: {Type: AWS::Serverless::Function}, X: {}}"
        )
        assert reserved(demand(text)) == {"Transform/*": "?"}

    def test_a_macro_may_bring_all_resources(self) -> None:
        assert reserved(demand("Transform: [Mine, AWS::Serverless-2016-10-31]\nMetadata: {}")) == {"Transform/*": "?"}

    def test_no_macro_makes_a_parameter_of_a_list(self) -> None:
        with pytest.raises(TemplateError) as caught:
            demand(f"Transform: Mine\nParameters: {{P: []}}\nResources: {{Fn: {FN.format(5)}}}")
        assert caught.value.line == 2

    def test_without_a_macro_it_is_an_error(self) -> None:
        with pytest.raises(TemplateError):
            demand(f"{self.SAM}Resources: {{Own: {{Type: AWS::Serverless::Function}}}}")
