"""What a template names on this machine on its way into the bucket, and the template as a request takes it."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from tapctl.aws.session import Aws
from tapctl.concurrency.remedy import RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.errors import TapctlError, UsageError
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.content import text_content
from tapctl.packaging.dependencies import Installer, Wheels
from tapctl.packaging.package import Artifact, Package, package
from tapctl.settings.settings import Settings
from tapctl.state.files import state_dir
from tapctl.template.model import Template
from tapctl.template.nested import StackTree

MAX_BODY = 51_200
"""Bytes of template that a request may carry; a longer one goes through S3."""

PARALLEL = 4
"""Artifacts that are packed and uploaded at a time."""


def prepare(aws: Aws, result: Preflight, settings: Settings, step: Callable[[str], None]) -> "Publication":
    """Package the template with its remedy; of AWS this asks the account's id at most.

    Raises `UsageError` for what cannot be packaged.
    """
    store = ArtifactStore(aws, settings.artifact_bucket, result.account.account_id or "")
    packer = _Packer(store, settings, step)
    return Publication(packer.package(result.template, result.plan, result.tree), store, step)


def as_published(
    aws: Aws, template: Template, tree: StackTree, settings: Settings, step: Callable[[str], None], *, account_id: str
) -> Mapping[str, Any]:
    """The body that the template has for CloudFormation where it needs no remedy; nothing is asked or uploaded."""
    packer = _Packer(ArtifactStore(aws, settings.artifact_bucket, account_id), settings, step)
    text = packer.package(template, RemedyPlan({}, possible=True), tree).text
    body: Mapping[str, Any] = template.body if text == template.source.text else json.loads(text)
    return body


@dataclass(frozen=True, slots=True)
class _Packer:
    """What packaging needs beside the template."""

    store: ArtifactStore
    settings: Settings
    step: Callable[[str], None]

    def package(self, template: Template, plan: RemedyPlan, tree: StackTree) -> Package:
        wheels = Wheels(self.settings.function, Installer(state_dir() / "requirements", self.step))
        return package(template, plan, self.store, wheels, {each.prefix: each.resolver for each in tree.members()})


@dataclass(frozen=True, slots=True)
class Publication:
    """A packaged template; `step` is told of everything that goes into the bucket."""

    package: Package
    store: ArtifactStore
    step: Callable[[str], None]

    @property
    def request(self) -> dict[str, str]:
        """`TemplateBody`, or `TemplateURL` of one that is too long for that."""
        document = self._document()
        return {"TemplateURL": self.store.url(document.key)} if document else {"TemplateBody": self.package.text}

    def _document(self) -> Artifact | None:
        if len(self.package.text.encode()) <= MAX_BODY:
            return None
        return Artifact("the template", text_content(self.package.text, ".template"), early=True)

    @contextmanager
    def uploading(self) -> Iterator[None]:
        """Upload: on entering what CloudFormation reads for a change set, during the block everything else.

        Makes the bucket on first use. Raises `UsageError` for a bucket that is not ours, and for a file that
        changed since it was packaged; after the block, too.
        """
        document = self._document()
        artifacts = (*self.package.artifacts, *((document,) if document else ()))
        if not artifacts:
            yield
            return
        if self.store.ensure():
            self.step(f"made the artifact bucket {self.store.bucket}")
        pool = ThreadPoolExecutor(PARALLEL, "upload")
        try:
            for said in pool.map(self._put, (each for each in artifacts if each.early)):
                self.step(said)
            later = [pool.submit(self._put, each) for each in artifacts if not each.early]
            yield
            for each in later:
                self.step(each.result())
        finally:
            pool.shutdown(cancel_futures=True)

    def _put(self, artifact: Artifact) -> str:
        """Upload one artifact unless it is there; tells what was done."""

        def write(file: BinaryIO) -> None:
            try:
                written = artifact.content.write(file)
            except (FileNotFoundError, PermissionError):
                written = ""
            if written != artifact.content.digest:
                raise UsageError(f"{artifact.label} changed while it was being packaged", "run it again")

        try:
            size = self.store.put(artifact.key, write)
        except OSError as error:
            message = f"{artifact.label}: cannot write a temporary file: {error.strerror}"
            raise TapctlError(message, "free some space, or set TMPDIR") from None
        return f"{artifact.label}: there already" if size is None else f"{artifact.label}: {size:,} bytes, uploaded"
