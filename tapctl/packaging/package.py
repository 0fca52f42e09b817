"""Packages a template: replaces its local paths with references to objects in the artifact bucket.

Nothing is uploaded or zipped here: the key of an object follows from the content that it will have.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tapctl.aws.session import Aws
from tapctl.concurrency.remedy import RemedyPlan, apply
from tapctl.errors import TapctlError, UsageError
from tapctl.limits.awslambda import MAX_UNZIPPED
from tapctl.limits.cloudformation import MAX_TEMPLATE
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.content import IN_LAMBDA, Content, file_content, reading, text_content, too_large
from tapctl.packaging.dependencies import Installed, Installer, PythonBuild
from tapctl.packaging.handlers import refuse_wrong_handler
from tapctl.settings.settings import Settings
from tapctl.state.files import state_dir
from tapctl.template.cloud_assembly import is_outside
from tapctl.template.load import load
from tapctl.template.local_paths import Local, PathKind, local_paths, put
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Artifact:
    """An object to upload. CloudFormation reads an `early` one to create the change set, the others to execute it."""

    label: str
    content: Content
    early: bool = False

    @property
    def key(self) -> str:
        return f"{self.content.digest}{self.content.suffix}"


@dataclass(frozen=True, slots=True)
class Package:
    """The template to deploy, as text and as its body, and the distinct artifacts that it references."""

    text: str
    body: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Packager:
    """Packages templates for an artifact bucket."""

    store: ArtifactStore
    python: PythonBuild

    def package(self, template: Template, tree: StackTree, remedy: RemedyPlan | None = None) -> Package:
        """Package `template`, with `remedy` applied, and its nested templates; `tree` resolves their properties.

        Raises `UsageError` for a local path that does not exist, cannot be packaged, or exceeds a limit of AWS.
        """
        resolvers = {stack.prefix: stack.resolver for stack in tree.members()}
        packing = _Packing(self.store, self.python, remedy or RemedyPlan({}, possible=True), resolvers)
        text, body = packing.template(template)
        return Package(text, body, tuple(packing.artifacts.values()))


@dataclass(frozen=True, slots=True)
class _Packing:
    """The packaging of one tree of templates: its inputs, and the artifacts collected so far."""

    store: ArtifactStore
    python: PythonBuild
    remedy: RemedyPlan
    resolvers: Mapping[str, Resolver]
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    contents: dict[tuple[Path, PathKind, Installed | None, str | None], Content] = field(default_factory=dict)
    """The content of each local path, since functions often share a folder."""

    def template(
        self, template: Template, prefix: str = "", above: tuple[Path, ...] = ()
    ) -> tuple[str, Mapping[str, Any]]:
        """The text and the body of a packaged template; the original text where nothing changes."""
        body = apply(template.body, self.remedy, prefix)
        files = (*above, Path(template.file).resolve())
        sizes: list[tuple[Local, int]] = []
        for local in local_paths(template):
            path = Path(template.file).parent / local.name
            if local.is_asset and not _is_unpublished(template, local, path):
                continue
            is_template = local.slot.kind is PathKind.TEMPLATE
            content = self._nested(local, path, prefix, files) if is_template else self._content(local, path, prefix)
            artifact = Artifact(_label(local), content, early=is_template or local.is_snippet)
            self.artifacts.setdefault(artifact.key, artifact)
            put(body, local.path, local.slot.refer(self.store.bucket, artifact.key, self.store.url(artifact.key)))
            sizes.append((local, content.unzipped))
        _check_sizes(sizes)
        text = template.source.text if body == template.body else json.dumps(body, indent=1, ensure_ascii=False)
        _check_length(template.file, text)
        return text, body

    def _nested(self, local: Local, path: Path, prefix: str, files: tuple[Path, ...]) -> Content:
        if path.resolve() in files:
            raise UsageError(f"{local.owner}: {path} is nested in itself", "remove one of the references")
        text, _ = self.template(load(str(path)), f"{prefix}{local.owner}/", files)
        return text_content(text, ".template")

    def _content(self, local: Local, path: Path, prefix: str) -> Content:
        # A nested stack whose condition is false has no resolver; its code is packaged without dependencies.
        resolver = self.resolvers.get(prefix)
        with reading(local, path):
            installed = self.python.dependencies(local, path, resolver) if resolver else None
            bytecode = self.python.bytecode_tag(local, resolver) if resolver else None
            key = (path, local.slot.kind, installed, bytecode)
            if resolver:
                refuse_wrong_handler(local, path, resolver, installed.folder if installed else None)
            if key not in self.contents:
                self.contents[key] = file_content(local, path, installed, bytecode)
        return self.contents[key]


def _is_unpublished(template: Template, local: Local, path: Path) -> bool:
    """Whether the asset of a CDK app is still here. Raises `UsageError` for a bundle outside of the assembly."""
    if local.metadata.get("aws:asset:is-bundled") and is_outside(Path(template.file), path):
        message = f"{local.owner}: its asset {local.name} is bundled outside of the cloud assembly"
        raise UsageError(message, "run `cdk synth` again")
    return path.exists()


def _label(local: Local) -> str:
    attribute = "code" if local.slot.kind is PathKind.CODE else local.slot.property
    return f"{attribute} of {local.owner}"


def _check_sizes(sizes: list[tuple[Local, int]]) -> None:
    """Refuse a function whose code exceeds the limit together with its layers from the same template."""
    layers = {local.owner: size for local, size in sizes if local.slot.kind is PathKind.LAYER}
    for local, size in sizes:
        if local.slot.kind not in IN_LAMBDA:
            continue
        attached = local.properties.get("Layers")
        names = [ref.get("Ref") for ref in attached if isinstance(ref, dict)] if isinstance(attached, list) else []
        of_layers = sum(layers.get(str(name), 0) for name in names)
        if size + of_layers > MAX_UNZIPPED:
            what = "its code and its layers are" if of_layers else f"{local.name} is"
            raise too_large(local.owner, what, size + of_layers)


def _check_length(file: str, text: str) -> None:
    if (size := len(text.encode())) > MAX_TEMPLATE:
        raise UsageError(
            f"{file} is {size:,} bytes when packaged; CloudFormation accepts {MAX_TEMPLATE:,}",
            "move some of its resources into a nested stack",
        )


MAX_BODY = 51_200
"""Bytes of `TemplateBody`: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

PARALLEL = 4
"""How many artifacts are packed and uploaded at the same time."""


def packager(
    aws: Aws, settings: Settings, account_id: str | None, step: Callable[[str], None], *, builds: bool = True
) -> Packager:
    """The packager for a deploy; AWS is asked for the account id at most, and only where it is None or empty."""
    store = ArtifactStore(aws, settings.artifact_bucket, account_id or "")
    return Packager(store, PythonBuild(settings.function, Installer(state_dir() / "requirements", step, builds)))


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
