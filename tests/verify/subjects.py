"""Deployed stacks as verify sees them, without a deploy."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from tapctl.aws import Aws, Target
from tapctl.template.model import Template, check
from tapctl.template.parameters import Parameters, bind
from tapctl.template.parse import parse
from tapctl.template.resolve import Resolver
from tapctl.verify.check import Check
from tapctl.verify.resources import CHECKERS, Live
from tapctl.verify.subject import Deployed

PSEUDO = {"AWS::Region": "us-east-1", "AWS::StackName": "shop"}


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
    resolver = Resolver(template, bind(template, Parameters()), PSEUDO)
    return Deployed("shop", "CREATE_COMPLETE", resolver, physical or {}, outputs or {}, exports or {})


@contextmanager
def stubbed(*services: str) -> Iterator[tuple[Aws, Mapping[str, Stubber]]]:
    """AWS whose named services answer what was queued, and nothing else."""
    aws = Aws(Target("us-east-1", endpoint="http://127.0.0.1:9", keys=("key", "secret")), _session=_session())
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


def looked_at(aws: Aws, kind: str, properties: Mapping[str, Any] | None = None, **siblings: str) -> list[Check]:
    """What the checker of a type says about one resource of it."""
    stack = deployed({"Resources": {"It": {"Type": kind, "Properties": properties or {}}}}, {"It": "it"})
    return list(CHECKERS[kind](Live(aws, "It", "it", stack.properties("It"), {"It": "it", **siblings})))


def found(checks: list[Check]) -> list[tuple[str, str]]:
    """Status and message of each."""
    return [(each.status.value, each.message) for each in checks]
