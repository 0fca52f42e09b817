"""What a deploy is asked to do."""

from dataclasses import replace

from tapctl.aws.stacks import StackDescription
from tapctl.settings.settings import Settings
from tapctl.workflows.deployer import DeployRequest
from tests.support.queued_answers import offline_aws
from tests.support.templates import template


def test_a_stack_that_is_named_by_an_alias_is_deployed_by_its_own_name() -> None:
    settings = Settings("t.yaml", stack_name="prod-shop", region="us-east-1")
    request = DeployRequest(offline_aws(), template("Resources: {T: {Type: AWS::SNS::Topic}}"), settings)

    assert request.by_name_of(StackDescription("shop", "UPDATE_COMPLETE")).settings == replace(
        settings, stack_name="shop"
    )
    assert request.by_name_of(StackDescription("prod-shop", "UPDATE_COMPLETE")) is request
