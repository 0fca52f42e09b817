"""Uploads the artifacts of a packaged template, and passes the template to CloudFormation as text or as an object."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from tapctl.aws.session import Aws
from tapctl.errors import TapctlError, UsageError
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.content import text_content
from tapctl.packaging.dependencies import Installer, PythonBuild
from tapctl.packaging.package import Artifact, Package, Packager
from tapctl.settings.settings import Settings
from tapctl.state.files import state_dir

MAX_BODY = 51_200
"""Bytes of `TemplateBody`: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

PARALLEL = 4
"""How many artifacts are packed and uploaded at the same time."""


def packager(aws: Aws, settings: Settings, account_id: str | None, step: Callable[[str], None]) -> Packager:
    """The packager for a deploy; AWS is asked for the account id at most, and only where it is None or empty."""
    store = ArtifactStore(aws, settings.artifact_bucket, account_id or "")
    return Packager(store, PythonBuild(settings.function, Installer(state_dir() / "requirements", step)))


@dataclass(frozen=True, slots=True)
class Publication:
    """A packaged template on its way into the bucket; `step` is called with a line for each upload."""

    package: Package
    store: ArtifactStore
    step: Callable[[str], None]

    @property
    def request(self) -> dict[str, str]:
        """The parameter of CreateChangeSet: `TemplateBody`, or `TemplateURL` for a template that exceeds its limit."""
        document = self._document()
        return {"TemplateURL": self.store.url(document.key)} if document else {"TemplateBody": self.package.text}

    def _document(self) -> Artifact | None:
        """The template as an object; None where it fits into the request."""
        if len(self.package.text.encode()) <= MAX_BODY:
            return None
        return Artifact("the template", text_content(self.package.text, ".template"), early=True)

    @contextmanager
    def uploading(self) -> Iterator[None]:
        """Upload the early artifacts before the block, and the others while it runs.

        Creates the bucket on first use. Raises `UsageError` for a bucket that cannot be used and for a file that
        changed after it was packaged, at the end of the block too.
        """
        document = self._document()
        artifacts = (*self.package.artifacts, *((document,) if document else ()))
        if not artifacts:
            yield
            return
        if self.store.ensure():
            self.step(f"created artifact bucket {self.store.bucket}")
        pool = ThreadPoolExecutor(PARALLEL, "upload")
        try:
            for line in pool.map(self._upload, (artifact for artifact in artifacts if artifact.early)):
                self.step(line)
            uploads = [pool.submit(self._upload, artifact) for artifact in artifacts if not artifact.early]
            yield
            for upload in uploads:
                self.step(upload.result())
        finally:
            pool.shutdown(cancel_futures=True)

    def _upload(self, artifact: Artifact) -> str:
        """Upload an artifact unless the bucket has it; returns a line of progress."""

        def write(file: BinaryIO) -> None:
            try:
                digest = artifact.content.write(file)
            except (FileNotFoundError, PermissionError):
                digest = ""
            if digest != artifact.content.digest:
                raise UsageError(f"{artifact.label} changed while it was packaged", "run it again")

        try:
            size = self.store.put(artifact.key, write)
        except OSError as error:
            message = f"{artifact.label}: cannot write a temporary file: {error.strerror}"
            raise TapctlError(message, "free some disk space, or set TMPDIR") from None
        return f"{artifact.label}: already uploaded" if size is None else f"{artifact.label}: {size:,} bytes, uploaded"
