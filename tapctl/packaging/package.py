"""Packages a template: replaces its local paths with references to objects in the artifact bucket.

Nothing is uploaded or zipped here: the key of an object follows from the content that it will have.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from tapctl.aws.lookups import has_image
from tapctl.aws.session import Aws
from tapctl.concurrency.remedy import RemedyPlan, apply
from tapctl.errors import AwsError, TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.limits.cloudformation import MAX_TEMPLATE
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.content import Content, TreeEntry, check_sizes, file_content, own_files, reading, text_content
from tapctl.packaging.dependencies import Installed, Installer, PythonBuild
from tapctl.packaging.handlers import refuse_wrong_handler
from tapctl.packaging.links import Link, Reach, named, of_owner, project_of, refusal
from tapctl.settings.settings import Settings
from tapctl.state.files import state_dir
from tapctl.template.cloud_assembly import FileAsset, ImageAsset, assets, is_outside
from tapctl.template.load import load
from tapctl.template.local_paths import URI, Local, PathKind, Slot, is_there, local_paths, put
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Artifact:
    """An object to upload. CloudFormation reads an `early` one to create the change set, the others to execute it."""

    label: str
    content: Content
    early: bool = False
    bucket: str = ""
    """The bucket that the CDK names for it; empty for the artifact bucket."""
    name: str = ""
    """Its key in that bucket."""

    @property
    def key(self) -> str:
        return self.name or f"{self.content.digest}{self.content.suffix}"


@dataclass(frozen=True, slots=True)
class PackagedTemplate:
    """The template to deploy, as text and as its body, and the distinct artifacts that it references."""

    text: str
    body: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]
    links: tuple[Link, ...] = ()
    """The links that lead out of the folders that the template names, and that were followed."""
    images: tuple[ImageAsset, ...] = ()
    """The images of the CDK that the template refers to."""


@dataclass(frozen=True, slots=True)
class Packager:
    """Packages templates for an artifact bucket."""

    store: ArtifactStore
    python: PythonBuild
    outside: tuple[Path, ...] = ()
    """What of this machine may be packaged beside the project of a template."""

    def package(self, template: Template, tree: StackTree, remedy: RemedyPlan | None = None) -> PackagedTemplate:
        """Package `template`, with `remedy` applied, and its nested templates; `tree` resolves their properties.

        Raises `UsageError` for a local path that does not exist, cannot be packaged, leads out of the project, or
        exceeds a limit of AWS.
        """
        resolvers = {stack.prefix: stack.resolver for stack in tree.members()}
        reach = Reach(project_of(Path(template.file)), self.outside)
        packing = _Packing(self.store, self.python, remedy or RemedyPlan({}, possible=True), resolvers, reach)
        text, body = packing.template(template)
        files, images = packing.cdk_assets(Path(template.file))
        return PackagedTemplate(text, body, (*packing.artifacts.values(), *files), tuple(packing.links), images)


@dataclass(frozen=True, slots=True)
class _Packing:
    """The packaging of one tree of templates: its inputs, and the artifacts collected so far."""

    store: ArtifactStore
    python: PythonBuild
    remedy: RemedyPlan
    resolvers: Mapping[str, Resolver]
    reach: Reach
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    links: dict[Link, None] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    """The packaged templates of the tree."""
    entries: dict[Path, list[TreeEntry]] = field(default_factory=dict)
    contents: dict[tuple[Path, PathKind, Installed | None, str | None], Content] = field(default_factory=dict)
    """The content of each local path, since functions often share a folder."""

    def template(
        self, template: Template, prefix: str = "", above: tuple[Path, ...] = ()
    ) -> tuple[str, Mapping[str, Any]]:
        """The text and the body of a packaged template; the original text where nothing changes."""
        body: Mapping[str, Any] = apply(template.body, self.remedy, prefix)
        files = (*above, Path(template.file).resolve())
        sizes: list[tuple[Local, int]] = []
        for local in local_paths(template):
            path = Path(template.file).parent / local.name
            if local.is_asset and not _is_unpublished(template, local, path):
                continue
            self._check_named(local, Path(template.file).parent)
            is_template = local.slot.kind is PathKind.TEMPLATE
            content = self._nested(local, path, prefix, files) if is_template else self._content(local, path, prefix)
            artifact = Artifact(_label(local), content, early=is_template or local.is_snippet)
            self.artifacts.setdefault(artifact.key, artifact)
            put(body, local.path, local.slot.refer(self.store.bucket, artifact.key, self.store.url(artifact.key)))
            sizes.append((local, content.unzipped))
        check_sizes(sizes)
        body = self.store.placed(body)
        text = template.source.text if body == template.body else json.dumps(body, indent=1, ensure_ascii=False)
        _check_length(template.file, text)
        self.texts.append(text)
        return text, body

    def _nested(self, local: Local, path: Path, prefix: str, files: tuple[Path, ...]) -> Content:
        if path.resolve() in files:
            raise UsageError(f"{local.owner}: {path} is nested in itself", advise(UsageAdvice.REMOVE_ONE_REFERENCE))
        text, _ = self.template(load(str(path)), f"{prefix}{local.owner}/", files)
        return text_content(text, ".template")

    def _content(self, local: Local, path: Path, prefix: str) -> Content:
        # A nested stack whose condition is false has no resolver; its code is packaged without dependencies.
        resolver = self.resolvers.get(prefix)
        with reading(local, path):
            own = self._own_files(local, path)  # before anything that a link or a pipe of it leads to is read
            installed = self.python.dependencies(local, path, resolver) if resolver else None
            bytecode = self.python.bytecode_tag(local, resolver) if resolver else None
            key = (path, local.slot.kind, installed, bytecode)
            if resolver:
                refuse_wrong_handler(local, path, resolver, installed.folder if installed else None)
            if key not in self.contents:
                self.contents[key] = file_content(local, path, own, installed, bytecode)
        return self.contents[key]

    def cdk_assets(self, template: Path) -> tuple[tuple[Artifact, ...], tuple[ImageAsset, ...]]:
        """The objects and images of the CDK to which the packaged templates still refer by their address.

        A file that is not there was published before. Raises `UsageError` for one that a command writes.
        """
        files, images = [], []
        for asset in assets(template):
            address = asset.tag if isinstance(asset, ImageAsset) else asset.key
            if not any(self.store.filled(address) in text for text in self.texts):
                continue
            if isinstance(asset, ImageAsset):
                images.append(replace(asset, repository=self.store.filled(asset.repository)))
            elif asset.path is None:
                message = f"asset {asset.name} is written by a command, which tapctl does not run"
                raise UsageError(message, _CDK_DEPLOYS)
            elif asset.path.exists():
                files.append(self._cdk_file(asset, asset.path, template))
        return tuple(files), tuple(images)

    def _cdk_file(self, asset: FileAsset, path: Path, template: Path) -> Artifact:
        kind = PathKind.BUNDLE if asset.zipped else PathKind.FILE
        local = Local(f"asset {asset.name}", Slot("source", kind, URI), (), str(path), {}, {})
        if is_outside(template, path) and not self.reach.contains(named_by_cdk := Link(path, path.resolve())):
            with of_owner(local.owner):
                raise refusal(named_by_cdk)
        with reading(local, path):
            content = file_content(local, path, self._own_files(local, path))
        bucket, key = map(self.store.filled, (asset.bucket, asset.key))
        # CloudFormation may read a file, such as a template, to create the change set.
        return Artifact(local.owner, content, not asset.zipped, bucket, key)

    def _own_files(self, local: Local, path: Path) -> list[TreeEntry]:
        if path not in self.entries or local.slot.kind is PathKind.FILE:
            root = path.resolve()
            self.entries[path] = own_files(local, path, lambda link: self._follow(link, root))
        return self.entries[path]

    def _check_named(self, local: Local, folder: Path) -> None:
        """Refuse a local path that leads out of the project by a link."""
        link = named(folder, local.name) if is_there(folder / local.name) else None
        with of_owner(local.owner):
            if link:
                self._follow(link)

    def _follow(self, link: Link, root: Path | None = None) -> bool:
        """True, and note a link that leads out of its folder. Raises `UsageError` for one out of the project."""
        if root is None or not link.target.is_relative_to(root):
            if not self.reach.contains(link):
                raise refusal(link)
            self.links[link] = None
        return True


_CDK_DEPLOYS = advise(DeployAdvice.PUBLISH_CDK_ASSETS)


def _is_unpublished(template: Template, local: Local, path: Path) -> bool:
    """Whether the asset of a CDK app is still here. Raises `UsageError` for a bundle outside of the assembly."""
    if local.metadata.get("aws:asset:is-bundled") and is_outside(Path(template.file), path):
        message = f"{local.owner}: its asset {local.name} is bundled outside of the cloud assembly"
        raise UsageError(message, advise(DeployAdvice.SYNTHESIZE_AGAIN))
    return path.exists()


def _label(local: Local) -> str:
    attribute = "code" if local.slot.kind is PathKind.CODE else local.slot.property
    return f"{attribute} of {local.owner}"


def _check_length(file: str, text: str) -> None:
    if (size := len(text.encode())) > MAX_TEMPLATE:
        raise UsageError(
            f"{file} is {size:,} bytes when packaged; CloudFormation accepts {MAX_TEMPLATE:,}",
            advise(DeployAdvice.MOVE_TO_NESTED),
        )


MAX_BODY = 51_200
"""Bytes of `TemplateBody`: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

PARALLEL = 4
"""How many artifacts are packed and uploaded at the same time."""


def packager(
    aws: Aws,
    settings: Settings,
    account_id: str | None,
    step: Callable[[str], None],
    *,
    builds: bool = True,
    outside: tuple[Path, ...] = (),
) -> Packager:
    """The packager for a deploy; AWS is asked for the account id at most, and only where it is None or empty."""
    store = ArtifactStore(aws, settings.artifact_bucket, account_id or "")
    installer = Installer(state_dir() / "requirements", step, builds)
    return Packager(store, PythonBuild(settings.function, installer), outside)


@dataclass(frozen=True, slots=True)
class Publication:
    """A packaged template on its way into the bucket; `step` is called with a line for each upload."""

    package: PackagedTemplate
    store: ArtifactStore
    step: Callable[[str], None]
    uploads: bool = True
    """Whether anything is uploaded; a plan uploads nothing."""

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

    def _objects(self) -> tuple[Artifact, ...]:
        document = self._document()
        return (*self.package.artifacts, *((document,) if document else ()))

    def missing(self) -> tuple[Artifact, ...]:
        """The artifacts that the bucket does not have yet."""
        objects = self._objects()
        there = self.store.has([(artifact.bucket, artifact.key) for artifact in objects]) if objects else {}
        return tuple(artifact for artifact in objects if not there[artifact.bucket, artifact.key])

    def compact(self) -> "Publication":
        """The package with its template in as few bytes as possible, and without any upload."""
        text = json.dumps(self.package.body, separators=(",", ":"), ensure_ascii=False)
        shorter = self._document() is not None and len(text) < len(self.package.text)
        return replace(self, package=replace(self.package, text=text) if shorter else self.package, uploads=False)

    @contextmanager
    def uploading(self) -> Iterator[None]:
        """Upload the early artifacts before the block, and the others while it runs.

        Creates the bucket on first use. Raises `UsageError` for a bucket that cannot be used and for a file that
        changed after it was packaged, at the end of the block too.
        """
        artifacts = self._objects() if self.uploads else ()
        self._refuse_images()
        if not artifacts:
            yield
            return
        self._ensure_buckets(artifacts)
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

    def _ensure_buckets(self, artifacts: tuple[Artifact, ...]) -> None:
        for bucket in sorted({artifact.bucket for artifact in artifacts if artifact.bucket}):
            self.store.require(bucket)
        if not all(artifact.bucket for artifact in artifacts) and self.store.ensure():
            self.step(f"created artifact bucket {self.store.bucket}")

    def _refuse_images(self) -> None:
        """Raise `UsageError` for an image of the CDK that is not in its repository, since tapctl builds none."""
        for image in self.package.images:
            try:
                exists = has_image(self.store.aws, image.repository, image.tag)
            except AwsError as error:
                self.step(f"warning: whether image {image.name} was published is not known: {error.message}")
                continue
            if not exists:
                message = f"image {image.name} is not in repository {image.repository}, and tapctl builds no images"
                raise UsageError(message, _CDK_DEPLOYS)

    def _upload(self, artifact: Artifact) -> str:
        """Upload an artifact unless the bucket has it; returns a line of progress."""

        def write(file: BinaryIO) -> None:
            try:
                digest = artifact.content.write(file)
            except (FileNotFoundError, PermissionError):
                digest = ""
            if digest != artifact.content.digest:
                raise UsageError(f"{artifact.label} changed while it was packaged", advise(UsageAdvice.RUN_AGAIN))

        try:
            size = self.store.put(artifact.key, write, artifact.bucket)
        except OSError as error:
            message = f"{artifact.label}: cannot write a temporary file: {error.strerror}"
            raise TapctlError(message, advise(UsageAdvice.FREE_SPACE_FOR_PACKAGE)) from None
        return f"{artifact.label}: already uploaded" if size is None else f"{artifact.label}: {size:,} bytes, uploaded"
