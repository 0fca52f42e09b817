"""The cloud assembly that the CDK synthesises, `cdk.out`: its stacks, and those of its stages in assemblies within.

Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.cloud_assembly_schema-readme.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.state.files import read_bytes

MANIFEST = "manifest.json"
FOLDER = "cdk.out"
"""Where the CDK writes an assembly, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class SynthesizedStack:
    """The template file of a stack and the path of its construct, such as `Live/Relay`.

    `name` is the stack's, `needs` names the stacks of the assembly that are deployed first; `account` and `region` are
    None where the app leaves them open.
    """

    template: Path
    construct: str
    name: str = ""
    needs: tuple[str, ...] = ()
    account: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        return f"{self.template} ({self.construct})"


def stacks(folder: Path) -> list[SynthesizedStack]:
    """The stacks of an assembly and of its stages, by template. Raises `TemplateError` for any other folder."""
    if not (folder / MANIFEST).exists():
        hint = where_nothing_is(folder, JudgementAdvice.NAME_TEMPLATE_IN_FOLDER)
        raise TemplateError("is a folder, not a template", hint, file=str(folder))
    by_template = {stack.template: stack for stack in _stacks(folder)}
    return [by_template[template] for template in sorted(by_template)]


def where_nothing_is(path: Path, otherwise: JudgementAdvice) -> Hint:
    """What to do about a path without a template or an assembly: the CDK has not been run where it would write one."""
    return advise(JudgementAdvice.SYNTHESIZE_CDK_APP if path.name == FOLDER else otherwise)


def in_order(folder: Path) -> list[SynthesizedStack]:
    """The stacks of an assembly and of its stages, each behind those that it needs.

    Raises `TemplateError` for a folder that is not an assembly, and for circular dependencies.
    """
    left, ordered = stacks(folder), list[SynthesizedStack]()
    while left:
        waiting = {stack.name for stack in left}
        ready = next((stack for stack in left if not waiting.intersection(stack.needs)), None)
        if ready is None:
            message = f"has stacks that need each other: {', '.join(sorted(waiting))}"
            raise TemplateError(message, advise(JudgementAdvice.SYNTHESIZE_CDK_APP), file=str(folder))
        left.remove(ready)
        ordered.append(ready)
    return ordered


def _stacks(folder: Path) -> Iterator[SynthesizedStack]:
    manifest = folder / MANIFEST
    try:
        own, stages = _artifacts(manifest)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        message = "is not the manifest of a CDK app"
        raise TemplateError(message, advise(JudgementAdvice.SYNTHESIZE_CDK_APP), file=str(manifest)) from None
    yield from own
    for stage in stages:
        if stage.resolve() == folder.resolve() or not stage.resolve().is_relative_to(folder.resolve()):
            message = f"names an assembly outside of its folder: {stage}"
            raise TemplateError(message, advise(JudgementAdvice.SYNTHESIZE_CDK_APP), file=str(manifest))
        yield from _stacks(stage)


def _artifacts(manifest: Path) -> tuple[list[SynthesizedStack], list[Path]]:
    """The stacks and the folders of nested assemblies in a manifest."""
    artifacts: Mapping[str, Any] = json.loads(read_bytes(manifest)).get("artifacts", {})
    kinds: dict[str, list[tuple[str, Any]]] = {}
    for name, artifact in artifacts.items():
        kinds.setdefault(artifact["type"], []).append((name, artifact))
    found = dict(kinds.get("aws:cloudformation:stack", []))
    names = {name: str(artifact["properties"].get("stackName") or name) for name, artifact in found.items()}
    own = [
        SynthesizedStack(
            manifest.parent / artifact["properties"]["templateFile"],
            str(artifact.get("displayName") or name),
            names[name],
            tuple(names[needed] for needed in artifact.get("dependencies", []) if needed in names),
            *_place(str(artifact.get("environment") or "")),
        )
        for name, artifact in found.items()
    ]
    nested = kinds.get("cdk:cloud-assembly", [])
    return own, [manifest.parent / artifact["properties"]["directoryName"] for _, artifact in nested]


def _place(environment: str) -> tuple[str | None, str | None]:
    """The account and the Region of `aws://ACCOUNT/REGION`, each None where it is open, as in `unknown-region`."""
    account, _, region = environment.removeprefix("aws://").partition("/")
    return account if account.isdigit() else None, region if region and not region.startswith("unknown") else None


def construct_of(template: Path) -> str:
    """The path of the construct of a stack, by its template file; empty where the CDK did not synthesise it."""
    try:
        own, _ = _artifacts(template.parent / MANIFEST)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return ""
    return next((stack.construct for stack in own if stack.template.name == template.name), "")


@dataclass(frozen=True, slots=True)
class FileAsset:
    """A file or folder that a template refers to by its object in S3.

    `bucket` and `key` may have the placeholders `${AWS::AccountId}`, `${AWS::Region}` and `${AWS::Partition}`.
    """

    name: str
    path: Path | None
    """None where a command writes it."""
    zipped: bool
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class ImageAsset:
    """An image that a template refers to by its repository in ECR, with the same placeholders, and its tag."""

    name: str
    repository: str
    tag: str


def assets(template: Path) -> tuple[FileAsset | ImageAsset, ...]:
    """The assets that the CDK lists for a stack, one for each place; none for a template that it did not synthesise.

    Raises `TemplateError` for a list that cannot be read.
    """
    found: list[FileAsset | ImageAsset] = []
    for file in _asset_lists(template):
        try:
            found += _assets(file)
        except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
            message = "is not a list of CDK assets"
            raise TemplateError(message, advise(JudgementAdvice.SYNTHESIZE_CDK_APP), file=str(file)) from None
    return tuple(found)


def _asset_lists(template: Path) -> list[Path]:
    """The files of the asset manifests on which the artifact of a template depends."""
    try:
        artifacts: Mapping[str, Any] = json.loads((template.parent / MANIFEST).read_bytes())["artifacts"]
        of_stack = next(
            artifact
            for artifact in artifacts.values()
            if artifact["type"] == "aws:cloudformation:stack"
            and artifact["properties"]["templateFile"] == template.name
        )
        manifests = [artifacts[name] for name in of_stack.get("dependencies", [])]
        return [
            template.parent / manifest["properties"]["file"]
            for manifest in manifests
            if manifest["type"] == "cdk:asset-manifest"
        ]
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError, StopIteration):
        return []


def _assets(file: Path) -> Iterator[FileAsset | ImageAsset]:
    content = json.loads(file.read_bytes())
    for id_, entry in (content.get("files") or {}).items():
        source, name = entry["source"], str(entry.get("displayName") or id_)
        path = file.parent / source["path"] if "path" in source else None
        for place in entry["destinations"].values():
            is_zipped = source.get("packaging") == "zip"
            yield FileAsset(name, path, is_zipped, str(place["bucketName"]), str(place["objectKey"]))
    for id_, entry in (content.get("dockerImages") or {}).items():
        for place in entry["destinations"].values():
            name = str(entry.get("displayName") or id_)
            yield ImageAsset(name, str(place["repositoryName"]), str(place["imageTag"]))


def is_outside(template: Path, path: Path) -> bool:
    """Whether a path lies outside of the whole assembly of a template, to which its stages belong."""
    folder = template.parent.resolve()
    while (folder.parent / MANIFEST).exists():
        folder = folder.parent
    return not path.resolve().is_relative_to(folder)
