"""The cloud assembly that the CDK synthesises, `cdk.out`: its stacks, and those of its stages in assemblies within.

Source: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.cloud_assembly_schema-readme.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Advice, advise
from tapctl.state.files import read_bytes

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class SynthesizedStack:
    """The template file of a stack and the path of its construct, such as `Live/Relay`."""

    template: Path
    construct: str

    def __str__(self) -> str:
        return f"{self.template} ({self.construct})"


def stacks(folder: Path) -> list[SynthesizedStack]:
    """The stacks of an assembly and of its stages, by template. Raises `TemplateError` for a folder that is none."""
    if not (folder / MANIFEST).exists():
        raise TemplateError("is a folder, not a template", "name the template file in it", file=str(folder))
    by_template = {stack.template: stack for stack in _stacks(folder)}
    return [by_template[template] for template in sorted(by_template)]


def _stacks(folder: Path) -> Iterator[SynthesizedStack]:
    manifest = folder / MANIFEST
    try:
        own, stages = _artifacts(manifest)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        message = "is not the manifest of a CDK app"
        raise TemplateError(message, advise(Advice.SYNTHESIZE_CDK_APP), file=str(manifest)) from None
    yield from own
    for stage in stages:
        if stage.resolve() == folder.resolve() or not stage.resolve().is_relative_to(folder.resolve()):
            message = f"names an assembly outside of its folder: {stage}"
            raise TemplateError(message, advise(Advice.SYNTHESIZE_CDK_APP), file=str(manifest))
        yield from _stacks(stage)


def _artifacts(manifest: Path) -> tuple[list[SynthesizedStack], list[Path]]:
    """The stacks and the folders of nested assemblies in a manifest."""
    artifacts: Mapping[str, Any] = json.loads(read_bytes(manifest)).get("artifacts", {})
    kinds: dict[str, list[tuple[str, Any]]] = {}
    for name, artifact in artifacts.items():
        kinds.setdefault(artifact["type"], []).append((name, artifact))
    own = [
        SynthesizedStack(
            manifest.parent / artifact["properties"]["templateFile"], str(artifact.get("displayName") or name)
        )
        for name, artifact in kinds.get("aws:cloudformation:stack", [])
    ]
    nested = kinds.get("cdk:cloud-assembly", [])
    return own, [manifest.parent / artifact["properties"]["directoryName"] for _, artifact in nested]


def construct_of(template: Path) -> str:
    """The path of the construct of a stack, by its template file; empty where the CDK did not synthesise it."""
    try:
        own, _ = _artifacts(template.parent / MANIFEST)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return ""
    return next((stack.construct for stack in own if stack.template.name == template.name), "")


def is_outside(template: Path, path: Path) -> bool:
    """Whether a path lies outside of the whole assembly of a template, to which its stages belong."""
    folder = template.parent.resolve()
    while (folder.parent / MANIFEST).exists():
        folder = folder.parent
    return not path.resolve().is_relative_to(folder)
