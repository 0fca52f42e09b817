"""The code of a stack set's template, in one bucket for each Region that every account of the fleet may read.

Lambda reads code only from a bucket in its own Region, so that the template names the bucket by `AWS::Region`.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tapctl.aws.accounts import organization
from tapctl.errors import TapctlError, UsageError
from tapctl.fleet.definition import deployable
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.packaging.bucket import ArtifactStore, bucket_name
from tapctl.packaging.content import text_content
from tapctl.packaging.package import MAX_BODY, Artifact, PackagedTemplate, Packager, Publication, packager

if TYPE_CHECKING:
    from tapctl.concurrency.result import Preflight
    from tapctl.fleet.override_sets import Key
    from tapctl.fleet.request import RolloutRequest, StackSetRequest

_REGION = "${AWS::Region}"

MOST_NAMED = 200
"""The accounts that a bucket policy names, which may be 20 kB long; more are let in by their organization."""


class RegionalStore(ArtifactStore):
    """The buckets of all Regions under one name, which CloudFormation completes in each Region."""

    @property
    def bucket(self) -> str:
        name = self.configured or bucket_name(self.account_id, "{region}")
        return name.replace("{region}", _REGION)

    def url(self, key: str) -> str:
        return f"https://s3.{_REGION}.${{AWS::URLSuffix}}/{self.bucket}/{key}"

    def placed(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: self._placed(key, value) for key, value in body.items()}

    def _placed(self, key: str, value: Any) -> Any:
        """The value with `Fn::Sub` around each text that names the bucket; SAM takes none around a URI."""
        match value:
            case str() if value.startswith(uri := f"s3://{self.bucket}/") and key.endswith("Uri"):
                return {"Bucket": {"Fn::Sub": self.bucket}, "Key": value.removeprefix(uri)}
            case str() if self.bucket in value:
                return {"Fn::Sub": value}
            case dict():
                return {name: self._placed(name, item) for name, item in value.items()}
            case list():
                return [self._placed(key, item) for item in value]
            case _:
                return value


def package_for_all(request: RolloutRequest, result: Preflight, step: Callable[[str], None]) -> PackagedTemplate:
    """The packaged template; nothing is uploaded.

    Raises `TemplateError` for what a service-managed stack set cannot deploy, `UsageError` for assets of the CDK and
    for a configured bucket that cannot be in every Region.
    """
    accounts, bucket = request.accounts, request.settings.artifact_bucket
    local = packager(accounts.hub, request.settings, accounts.own, step)
    store = RegionalStore(accounts.hub, bucket, accounts.own)
    template = deployable(request.template, request.fleet)
    package = Packager(store, local.python).package(template, result.tree)
    if any(artifact.bucket for artifact in package.artifacts) or package.images:
        message = "the template takes assets from the bucket or repository of a CDK bootstrap, which each account has"
        raise UsageError(message, advise(DeployAdvice.PUBLISH_TO_FLEET))
    if package.artifacts and bucket and "{region}" not in bucket:
        hint = advise(DeployAdvice.NAME_REGIONAL_BUCKETS)
        raise UsageError(f"bucket {bucket} is in one Region, and each Region needs its own", hint)
    if template is request.template:
        return package
    return replace(package, text=json.dumps(package.body, indent=1, ensure_ascii=False))


def template_url(request: StackSetRequest, package: PackagedTemplate) -> str:
    """Where the template itself is uploaded, in the Region of the stack set."""
    document = text_content(package.text, ".template")
    return _store(request, request.sets.aws.region).url(Artifact("the template", document).key)


def publish(
    request: StackSetRequest, package: PackagedTemplate, cells: Sequence[Key], step: Callable[[str], None]
) -> None:
    """Upload what the template refers to into the bucket of each Region, which the accounts of the cells may read.

    A bucket that the configuration names keeps its policy.
    """
    for region in dict.fromkeys(region for _, region in cells) if package.artifacts else ():
        store = _store(request, region)
        with Publication(PackagedTemplate("", {}, package.artifacts), store, step).uploading():
            pass
        if not request.settings.artifact_bucket:
            accounts = sorted({account for account, _ in cells})
            by_id = not request.is_service_managed and len(accounts) <= MOST_NAMED
            store.grant(accounts, "" if by_id else _organization_id(request))
    if len(package.text.encode()) > MAX_BODY:
        home = _store(request, request.sets.aws.region)
        with Publication(PackagedTemplate(package.text, package.body, ()), home, step).uploading():
            pass


def _store(request: StackSetRequest, region: str) -> ArtifactStore:
    name = request.settings.artifact_bucket
    aws = request.accounts.cell(region)
    return ArtifactStore(aws, name and name.replace("{region}", region), request.accounts.own)


def _organization_id(request: StackSetRequest) -> str:
    """The id of the organization; empty where there is none, or where it may not be read."""
    try:
        found = organization(request.accounts.hub)
    except TapctlError:
        return ""
    return found.id if found else ""
