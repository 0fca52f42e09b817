"""Deployed stacks as verify sees them, without a deploy."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import boto3
from botocore.stub import Stubber

from tapctl.aws.session import Aws, Target
from tapctl.template.model import Template, check
from tapctl.template.parameters import Parameters, bind
from tapctl.template.parse import parse
from tapctl.template.resolver import Resolver
from tapctl.verify.attributes import live_values
from tapctl.verify.check import Check
from tapctl.verify.deployed_stack import Deployed
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


def deployed(
    body: Mapping[str, Any],
    physical: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    exports: Mapping[str, str] | None = None,
) -> Deployed:
    """A stack that runs this template."""
    template = template_of({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, **body})
    bound = bind(template, Parameters())
    resolver = Resolver(template, bound, PSEUDO, live=live_values(template, physical or {}, PSEUDO))
    return Deployed(
        PSEUDO["AWS::StackId"], "shop", "CREATE_COMPLETE", resolver, physical or {}, outputs or {}, exports or {}
    )


@contextmanager
def stubbed(*services: str, sandbox: bool = False) -> Iterator[tuple[Aws, Mapping[str, Stubber]]]:
    """AWS, or the sandbox, whose named services answer what was queued, and nothing else."""
    endpoint = "http://127.0.0.1:9" if sandbox else "https://nowhere.invalid"
    aws = Aws(Target("us-east-1", endpoint=endpoint), _session=_session())
    stubs = {service: Stubber(aws.client(service)) for service in services}
    for stub in stubs.values():
        stub.activate()
    yield aws, stubs
    for stub in stubs.values():
        stub.assert_no_pending_responses()


@cache
def _session() -> Any:
    """One for all, because reading the service models takes longer than the tests."""
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")


Answer = Mapping[str, Any] | str
"""What an operation answers, or the code of the error that it fails with."""


def looked_at(
    kind: str,
    properties: Mapping[str, Any],
    answers: Mapping[str, Answer],
    *,
    siblings: Mapping[str, tuple[str, str]] | None = None,
    sandbox: bool = False,
) -> list[Check]:
    """What is said of one resource, `It`, when its service's operations answer so.

    Answers go by `service:operation`, asked for in this order; siblings are type and physical id.
    """
    others = siblings or {}
    physical = "it" if kind != "AWS::Lambda::EventSourceMapping" else str(UUID(int=1))
    resources = {"It": {"Type": kind, "Properties": properties}}
    resources |= {name: {"Type": other, "Properties": {}} for name, (other, _) in others.items()}
    stack = deployed({"Resources": resources}, {"It": physical} | {name: own for name, (_, own) in others.items()})
    with stubbed(*{each.partition(":")[0] for each in answers}, sandbox=sandbox) as (aws, stubs):
        for call, answer in answers.items():
            service, operation, *_ = call.split(":")
            if isinstance(answer, str):
                stubs[service].add_client_error(operation, answer, "no", 400)
            else:
                stubs[service].add_response(operation, dict(answer))
        return list(resource_jobs(aws, stack)["It"]())


def found(checks: Iterable[Check]) -> list[tuple[str, str]]:
    """Status and message of each."""
    return [(each.status.value, each.message) for each in checks]
