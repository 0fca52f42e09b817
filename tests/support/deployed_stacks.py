"""Deployed stacks and their checks, against stubbed AWS clients."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import boto3
from botocore.stub import Stubber

from tapctl.aws.session import Aws, Connection
from tapctl.template.model import Template, check
from tapctl.template.parameters import Parameters, bind
from tapctl.template.parse import parse
from tapctl.template.resolver import Resolver
from tapctl.verify.check import Check
from tapctl.verify.deployed_stack import DeployedStack, return_values
from tapctl.verify.resources import resource_jobs

PSEUDO = {
    "AWS::Region": "us-east-1",
    "AWS::StackName": "shop",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
}


def template_of(body: Mapping[str, Any]) -> Template:
    source = parse(json.dumps(body), "shop.json")
    return check(Template(source, source.value))


def deployed_stack(
    body: Mapping[str, Any],
    physical_ids: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    exports: Mapping[str, str] | None = None,
) -> DeployedStack:
    """A stack with this template."""
    template = template_of({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, **body})
    bound = bind(template, Parameters())
    resolver = Resolver(template, bound, PSEUDO, live=return_values(template, physical_ids or {}, PSEUDO))
    return DeployedStack(
        PSEUDO["AWS::StackId"], "shop", "CREATE_COMPLETE", resolver, physical_ids or {}, outputs or {}, exports or {}
    )


@contextmanager
def stubbed(*services: str, aws: Aws | None = None) -> Iterator[tuple[Aws, Mapping[str, Stubber]]]:
    """AWS and stubs of the named services, whose queued responses must all be used."""
    aws = aws or silent_aws(sandbox=False)
    stubs = {service: Stubber(aws.client(service)) for service in services}
    with ExitStack() as stack:
        for stub in stubs.values():
            stack.enter_context(stub)
        yield aws, stubs
        for stub in stubs.values():
            stub.assert_no_pending_responses()


def silent_aws(*, sandbox: bool) -> Aws:
    """AWS, or the sandbox, at an address without a server."""
    endpoint = "http://127.0.0.1:9" if sandbox else "https://nowhere.invalid"
    keys = ("000000000000", "secret") if sandbox else None
    return Aws(Connection("us-east-1", endpoint=endpoint, keys=keys), _session=_session())


_shared_aws = cache(silent_aws)
"""For tests that leave its clients as they are: to create one takes longer than such a test."""


@cache
def _session() -> Any:
    """One session for all tests, because loading the service models takes longer than the tests."""
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")


PHYSICAL_IDS = {
    "AWS::Lambda::EventSourceMapping": str(UUID(int=1)),
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:us-east-1:123456789012:layer:it:3",
}
"""By resource type, where it is not `it`."""

ApiResponse = Mapping[str, Any] | str
"""The response of an operation, or the error code with which it fails."""


def check_resource(
    resource_type: str,
    properties: Mapping[str, Any],
    responses: Mapping[str, ApiResponse],
    *,
    siblings: Mapping[str, tuple[str, str]] | None = None,
    sandbox: bool = False,
) -> list[Check]:
    """The checks of one resource, `It`, with these responses.

    Responses go by `service:operation`, in the order of the calls; a suffix distinguishes
    calls of one operation (`service:operation:first`). Siblings are resource type and physical id by logical id.
    """
    siblings = siblings or {}
    physical_id = PHYSICAL_IDS.get(resource_type, "it")
    resources = {"It": {"Type": resource_type, "Properties": properties}}
    resources |= {name: {"Type": sibling_type, "Properties": {}} for name, (sibling_type, _) in siblings.items()}
    ids = {"It": physical_id} | {name: sibling_id for name, (_, sibling_id) in siblings.items()}
    stack = deployed_stack({"Resources": resources}, ids)
    services = {call.partition(":")[0] for call in responses}
    with stubbed(*services, aws=_shared_aws(sandbox=sandbox)) as (aws, stubs):
        for call, response in responses.items():
            service, operation, *_ = call.split(":")
            if isinstance(response, str):
                stubs[service].add_client_error(operation, response, "no", 400)
            else:
                stubs[service].add_response(operation, dict(response))
        return list(resource_jobs(aws, [stack])["It"]())


def lines(checks: Iterable[Check]) -> list[str]:
    """`STATUS: MESSAGE` of each check, for golden texts."""
    return [f"{check.status.value}: {check.message}" for check in checks]


def statuses(checks: Iterable[Check]) -> list[str]:
    return [check.status.value for check in checks]
