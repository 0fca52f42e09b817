"""What a template names on this machine on its way into the bucket, and the template as a request takes it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from tapctl.aws import Aws
from tapctl.config import Settings
from tapctl.deploy.artifacts import ArtifactStore
from tapctl.deploy.content import text_content
from tapctl.deploy.package import Artifact, Package, package
from tapctl.deploy.requirements import Installer
from tapctl.deploy.wheels import Wheels
from tapctl.errors import TapctlError, UsageError
from tapctl.files import state_dir
from tapctl.headroom.result import Preflight

MAX_BODY = 51_200
"""Bytes of template that a request may carry; a longer one goes through S3."""

PARALLEL = 4
"""Artifacts that are packed and uploaded at a time."""


def prepare(aws: Aws, result: Preflight, settings: Settings, step: Callable[[str], None]) -> "Publication":
    """Package the template with its remedy; of AWS this asks the account's id at most.

    Raises `UsageError` for what cannot be packaged.
    """
    store = ArtifactStore(aws, settings.artifact_bucket, result.account.account_id or "")
    wheels = Wheels(settings.function, Installer(state_dir() / "requirements", step))
    resolvers = {member.prefix: member.resolver for member in result.family.members()}
    return Publication(package(result.template, result.plan, store, wheels, resolvers), store, step)


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
