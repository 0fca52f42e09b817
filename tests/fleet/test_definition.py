"""What CreateStackSet and UpdateStackSet are given, and when nothing is to be changed."""

from dataclasses import replace
from typing import Any

import pytest

from tapctl.aws.stack_sets import StackSet
from tapctl.errors import TemplateError
from tapctl.fleet.definition import SetDefinition, define, deployable, without_value
from tapctl.fleet.request import RolloutRequest
from tapctl.packaging.package import MAX_BODY, PackagedTemplate
from tapctl.settings.fleet_section import Fleet
from tapctl.settings.settings import Settings
from tapctl.template.model import Template
from tests.support.fixed import judged, read
from tests.support.golden import Golden

ARN = "arn:aws:iam::111111111111:role/admin"
UNIT = "ou-abcd-11111111"
SERVICE: dict[str, Any] = {"permission": "service", "ous": [UNIT]}
TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
TEXT = f"Parameters: {{Size: {{Type: String, Default: a}}}}\n{TOPIC}"
VALUES = {"Size": "a"}


def defined(text: str = TEXT, *, settings: Settings | None = None, **section: Any) -> SetDefinition:
    template = read(text)
    request = RolloutRequest(
        name="prod",
        fleet=Fleet(**section),
        accounts=None,  # type: ignore[arg-type]
        sets=None,  # type: ignore[arg-type]
        cells=None,  # type: ignore[arg-type]
        settings=settings or Settings("t.yaml"),
        template=template,
    )
    return define(request, judged(template, 100), PackagedTemplate(text, template.body, ()), "https://bucket/key")


def deployed(**more: Any) -> StackSet:
    return replace(StackSet("orders:1", "tapctl fleet prod", TEXT, VALUES), **more)


def test_a_set_is_created_with_its_own_values_and_queues_its_operations() -> None:
    settings = Settings("t.yaml", tags={"team": "web"})

    assert defined(settings=settings).creation(VALUES) == {
        "TemplateBody": TEXT,
        "Description": "tapctl fleet prod",
        "Capabilities": [],
        "Tags": [{"Key": "team", "Value": "web"}],
        "PermissionModel": "SELF_MANAGED",
        "ManagedExecution": {"Active": True},
        "Parameters": [{"ParameterKey": "Size", "ParameterValue": "a"}],
    }


def test_the_description_of_the_template_follows_the_name_of_the_fleet() -> None:
    text = f"Description: {'x' * 1100}\n{TEXT}"

    description = defined(text).request["Description"]

    assert description.startswith("tapctl fleet prod: xxx")
    assert len(description) == 1024


def test_a_long_template_is_named_by_its_url() -> None:
    long = TEXT + "#" * MAX_BODY

    assert defined(long).template == {"TemplateURL": "https://bucket/key"}


@pytest.mark.parametrize(
    ("section", "permission"),
    [
        pytest.param({}, {"PermissionModel": "SELF_MANAGED"}, id="self"),
        pytest.param(
            SERVICE, {"PermissionModel": "SERVICE_MANAGED", "AutoDeployment": {"Enabled": False}}, id="service"
        ),
        pytest.param(
            {**SERVICE, "auto_deploy": True},
            {
                "PermissionModel": "SERVICE_MANAGED",
                "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
            },
            id="who joins is deployed to, and who leaves keeps its stacks",
        ),
    ],
)
def test_the_permission_model(section: dict[str, Any], permission: dict[str, Any]) -> None:
    assert defined(**section).permission == permission


def test_an_update_gives_every_parameter_and_keeps_the_secrets_that_are_not_given() -> None:
    text = TEXT.replace("{Size:", "{Key: {Type: String, NoEcho: true}, Own: {Type: String, NoEcho: true}, Size:")
    now = deployed(parameters={"Size": "b", "Key": "****", "Own": "****"})

    change = defined(text).update({"Size": "a", "Own": "mine"}, now, whole=True)

    assert change["Parameters"] == [
        {"ParameterKey": "Size", "ParameterValue": "a"},
        {"ParameterKey": "Own", "ParameterValue": "mine"},
        {"ParameterKey": "Key", "UsePreviousValue": True},
    ]


def test_an_update_names_the_roles_that_the_set_has() -> None:
    """A set with an administration role of its own refuses an update without one."""
    now = deployed(roles={"AdministrationRoleARN": ARN, "ExecutionRoleName": "run"})

    kept, changed = (
        definition.update(VALUES, now, whole=True) for definition in (defined(), defined(execution_role="walk"))
    )

    assert (kept["AdministrationRoleARN"], kept["ExecutionRoleName"]) == (ARN, "run")
    assert (changed["AdministrationRoleARN"], changed["ExecutionRoleName"]) == (ARN, "walk")


@pytest.mark.parametrize("whole", [True, False])
def test_automatic_deployment_is_set_where_the_call_has_no_targets(whole: bool) -> None:
    now = deployed(permission_model="SERVICE_MANAGED")

    assert ("AutoDeployment" in defined(**SERVICE).update(VALUES, now, whole=whole)) is whole


# ---------------------------------------------------------------------------------------------------------------------
# Changes
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "section", "current"),
    [
        pytest.param(deployed(), {}, True, id="the same"),
        pytest.param(deployed(template=f"# another comment\n{TEXT}"), {}, True, id="the same in other words"),
        pytest.param(deployed(template=TEXT.replace("SNS::Topic", "SQS::Queue")), {}, False, id="another template"),
        pytest.param(deployed(template="{"), {}, False, id="no template"),
        pytest.param(deployed(parameters={"Size": "b"}), {}, False, id="another value"),
        pytest.param(deployed(parameters={**VALUES, "Old": "x"}), {}, False, id="a parameter more"),
        pytest.param(deployed(tags={"team": "web"}), {}, False, id="another tag"),
        pytest.param(deployed(roles={"ExecutionRoleName": "run"}), {}, True, id="a role, and none is configured"),
        pytest.param(
            deployed(roles={"ExecutionRoleName": "run"}), {"execution_role": "walk"}, False, id="another role"
        ),
        pytest.param(deployed(description="other"), {}, True, id="another description"),
    ],
)
def test_whether_the_set_has_all_of_it(now: StackSet, section: dict[str, Any], current: bool) -> None:
    assert defined(**section).is_current(now, VALUES) is current


def test_secrets_are_not_compared() -> None:
    text = TEXT.replace("{Size:", "{Key: {Type: String, NoEcho: true}, Size:")
    now = deployed(template=text, parameters={**VALUES, "Key": "****"})

    assert defined(text).is_current(now, {**VALUES, "Key": "secret"})


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        pytest.param(TEXT, set(), id="the same"),
        pytest.param(TEXT.replace("String", "Number"), {"Size"}, id="another type"),
        pytest.param(TEXT.replace("Size", "Other"), {"Size"}, id="not declared"),
        pytest.param(f"{TEXT}Conditions: {{A: !Equals [1, 1]}}\n", {"Size"}, id="another condition"),
        pytest.param("{", {"Size"}, id="no template"),
    ],
)
def test_parameters_that_the_present_template_may_read_otherwise(before: str, changed: set[str]) -> None:
    assert defined().changed(deployed(template=before), ["Size"]) == changed


def test_a_parameter_without_any_value_is_missing() -> None:
    template = read(
        f"Parameters: {{A: {{Type: String}}, B: {{Type: String, Default: x}}, C: {{Type: String}}}}\n{TOPIC}"
    )

    assert list(without_value(template, {}, {"C": "held"})) == ["A"]


# ---------------------------------------------------------------------------------------------------------------------
# Service-managed permissions
# ---------------------------------------------------------------------------------------------------------------------

SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Size: {Type: Number, Default: 5}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      {Handler: a.b, Runtime: python3.13, InlineCode: "def b(e, c): pass", ReservedConcurrentExecutions: !Ref Size}
"""


def test_sam_is_translated_here_for_a_service_managed_set() -> None:
    template = deployable(read(SAM), Fleet(**SERVICE))

    assert template.body["Resources"]["Fn"]["Type"] == "AWS::Lambda::Function"
    assert template.body["Resources"]["Fn"]["Properties"]["ReservedConcurrentExecutions"] == {"Ref": "Size"}
    assert "Transform" not in template.body


def test_a_self_managed_set_takes_macros() -> None:
    found: Template = deployable(read(SAM), Fleet())

    assert found.body["Transform"] == "AWS::Serverless-2016-10-31"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"Transform: Own\n{TEXT}", id="a macro"),
        pytest.param(f"Transform: [AWS::Serverless-2016-10-31, Own]\n{TEXT}", id="SAM and a macro"),
        pytest.param(
            "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://b/t'}}}\n",
            id="a nested stack",
        ),
        pytest.param("Resources: {T: {Type: AWS::SNS::Topic, Fn::Transform: {Name: Own}}}\n", id="a macro inside"),
    ],
)
def test_a_template_that_a_service_managed_set_cannot_deploy_is_refused(text: str, golden: Golden) -> None:
    with pytest.raises(TemplateError) as failure:
        deployable(read(text), Fleet(**SERVICE))

    golden(failure.value)
