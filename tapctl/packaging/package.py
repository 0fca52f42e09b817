"""A template whose local paths name objects in a bucket, and the objects that have to be there for it.

Nothing is uploaded here, and nothing zipped: the key of an object is known from what will be in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tapctl.concurrency.remedy import RemedyPlan, apply
from tapctl.errors import UsageError
from tapctl.limits.awslambda import MAX_UNZIPPED
from tapctl.limits.cloudformation import MAX_TEMPLATE
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.content import IN_LAMBDA, Content, packed, reading, text_content, too_large
from tapctl.packaging.dependencies import Installed, Wheels
from tapctl.template.load import load
from tapctl.template.local_paths import Local, PathKind, local_paths, put
from tapctl.template.model import Template
from tapctl.template.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Artifact:
    """An object to be, under a key that its content gives it; `write` gives the digest of what it wrote.

    CloudFormation reads an `early` one for the change set, and every other when it executes that.
    """

    label: str
    content: Content
    early: bool = False

    @property
    def key(self) -> str:
        return f"{self.content.digest}{self.content.suffix}"


@dataclass(frozen=True, slots=True)
class Package:
    """The template as it is to be deployed, and each object that it refers to once."""

    text: str
    artifacts: tuple[Artifact, ...]


def package(
    template: Template, plan: RemedyPlan, store: ArtifactStore, wheels: Wheels, resolvers: Mapping[str, Resolver]
) -> Package:
    """The template with its remedy, and the nested ones likewise, with references to `store` for what is local.

    `resolvers` are those of the stacks of the tree that there will be, by prefix.
    Raises `UsageError` for what is not there, cannot be packed, or is larger than AWS takes.
    """
    packing = _Packing(plan, store, wheels, resolvers)
    text = packing.text(template)
    return Package(text, tuple(packing.artifacts.values()))


@dataclass(frozen=True, slots=True)
class _Packing:
    """One template with its nested ones, and what was found on the way through them."""

    plan: RemedyPlan
    store: ArtifactStore
    wheels: Wheels
    resolvers: Mapping[str, Resolver]
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    contents: dict[tuple[Path, PathKind, Installed | None, str | None], Content] = field(default_factory=dict)
    """Functions often share a folder, which is then read once."""

    def text(self, template: Template, prefix: str = "", above: tuple[Path, ...] = ()) -> str:
        """The template, as it was written where nothing had to be changed in it."""
        body = apply(template.body, self.plan, prefix)
        files = (*above, Path(template.file).resolve())
        sizes: list[tuple[Local, int]] = []
        for local in local_paths(template):
            path = Path(template.file).parent / local.name
            if local.is_asset and not path.exists():
                continue
            is_template = local.slot.kind is PathKind.TEMPLATE
            found = self._nested(local, path, prefix, files) if is_template else self._content(local, path, prefix)
            artifact = Artifact(_label(local), found, early=is_template or local.is_snippet)
            self.artifacts.setdefault(artifact.key, artifact)
            reference = local.slot.refer(self.store.bucket, artifact.key, self.store.url(artifact.key))
            put(body, local.path, reference)
            sizes.append((local, found.unzipped))
        _check_sizes(sizes)
        return _checked(template, template.source.text if body == template.body else _dump(body))

    def _nested(self, local: Local, path: Path, prefix: str, files: tuple[Path, ...]) -> Content:
        if path.resolve() in files:
            raise UsageError(f"{local.owner} nests {path}, in which it is nested itself", "break the circle")
        return text_content(self.text(load(str(path)), f"{prefix}{local.owner}/", files), ".template")

    def _content(self, local: Local, path: Path, prefix: str) -> Content:
        # A stack that will not be there has no resolver; its code goes as it is.
        resolver = self.resolvers.get(prefix)
        with reading(local, path):
            installed = self.wheels.beside(local, path, resolver) if resolver else None
            bytecode = self.wheels.bytecode(local, resolver) if resolver else None
            key = (path, local.slot.kind, installed, bytecode)
            if key not in self.contents:
                self.contents[key] = packed(local, path, installed, bytecode)
        return self.contents[key]


def _label(local: Local) -> str:
    what = "code" if local.slot.kind is PathKind.CODE else local.slot.property
    return f"{what} of {local.owner}"


def _check_sizes(sizes: list[tuple[Local, int]]) -> None:
    """Refuse code that is too large with its layers, as far as they are in the same template."""
    layers = {local.owner: size for local, size in sizes if local.slot.kind is PathKind.LAYER}
    for local, size in sizes:
        if local.slot.kind not in IN_LAMBDA:
            continue
        attached = local.properties.get("Layers")
        names = [each.get("Ref") for each in attached if isinstance(each, dict)] if isinstance(attached, list) else []
        beside = sum(layers.get(str(name), 0) for name in names)
        if size + beside > MAX_UNZIPPED:
            raise too_large(local.owner, "its code and its layers are" if beside else f"{local.name} is", size + beside)


def _checked(template: Template, text: str) -> str:
    if (size := len(text.encode())) > MAX_TEMPLATE:
        raise UsageError(
            f"{template.file} is {size:,} bytes when packaged; CloudFormation takes {MAX_TEMPLATE:,}",
            "move part of it into a nested stack",
        )
    return text


def _dump(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False)
