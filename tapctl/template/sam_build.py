"""The code of SAM's resources: which of it needs a build, and how the translator sees it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.resource_types import SERVERLESS_APPLICATION, SERVERLESS_FUNCTION, SERVERLESS_PREFIX
from tapctl.template.intrinsics import FUNCTIONS
from tapctl.template.local_paths import REMOTE, SLOTS, URI, put
from tapctl.template.model import Template
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

_UPLOADED = {
    "bucket": "tapctl-not-uploaded-yet",
    "key": "artifact",
    "url": "https://tapctl-not-uploaded-yet.s3.amazonaws.com/artifact",
}
"""The address of everything local until it is packaged, since the translator accepts no local path."""

_PUSHED = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapctl-not-pushed-yet:latest"

CODE = ("CodeUri", "InlineCode", "ImageUri")
"""The properties of a function of which one has its code."""

BUILT: Mapping[str, tuple[str, ...]] = {
    SERVERLESS_FUNCTION: ("CodeUri", "ImageUri"),
    "AWS::Serverless::WebFunction": ("CodeUri", "ImageUri"),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
}
"""By resource type, the properties that a build sets to what it built."""


def is_computed(value: Any) -> bool:
    """Whether an intrinsic function gives the value of a `CodeUri` or `ContentUri`, not the map of an S3 object."""
    return isinstance(value, dict) and "Bucket" not in value


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A function or layer without code that could be deployed, and where the template has it."""

    owner: str
    what: str
    file: str
    line: int


def unbuilt(resolver: Resolver) -> Iterator[Unbuilt]:
    """The functions and layers of one template whose code a build fills in; local paths are packaged without one."""
    source = resolver.template.source
    template = Template(source, source.value)
    shared = template.body.get("Globals")
    for logical_id, entry in template.body["Resources"].items():
        type_ = str(entry.get("Type")) if isinstance(entry, dict) else ""
        if type_ not in BUILT or resolver.exists(entry.get("Condition"), ("Resources", logical_id)) is False:
            continue
        inherited = shared.get(type_.removeprefix(SERVERLESS_PREFIX)) if isinstance(shared, dict) else None
        properties = {**(inherited or {}), **(entry.get("Properties") or {})}
        if what := _missing(resolver, type_, properties, ("Resources", logical_id, "Properties")):
            yield Unbuilt(logical_id, what, source.file, template.line("Resources", logical_id))


def _missing(resolver: Resolver, type_: str, properties: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """The part that a build fills in: `image`, `code` or `content`; empty if it is set, inline, packaged or unknown."""
    if properties.get("InlineCode"):
        return ""
    is_image = resolver.value(properties.get("PackageType"), path) == "Image" or "ImageUri" in properties
    name = "ImageUri" if is_image else BUILT[type_][0]
    written = properties.get(name)
    value = resolver.value(written, (*path, name))
    if isinstance(value, Unknown):
        return ""
    if is_image or isinstance(value, dict):
        is_deployable = bool(value)
    else:
        # A path that is written as such is packaged; one that a function gives is not.
        is_deployable = str(value).startswith(REMOTE) if is_computed(written) else bool(value)
    return "" if is_deployable else name.removesuffix("Uri").lower()


def is_sam(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("Type")).startswith(SERVERLESS_PREFIX)


def packaged(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the addresses of uploaded files in SAM's resources, since the translator refuses local paths.

    Only SAM's own: nested stacks keep their local templates, which are followed.
    """
    sections = body.get("Globals")
    section = sections.get("Function") if isinstance(sections, dict) else None
    shared = section if isinstance(section, dict) else {}
    _upload(shared, SERVERLESS_FUNCTION)
    for resource in body["Resources"].values():
        properties = resource.get("Properties") if is_sam(resource) else None
        if isinstance(properties, dict):
            _upload(properties, str(resource["Type"]))
            if "CodeUri" in BUILT.get(resource["Type"], ()) and not {*properties, *shared} & {*CODE}:
                is_image = "Image" in (properties.get("PackageType"), shared.get("PackageType"))
                properties |= {"ImageUri": _PUSHED} if is_image else {"CodeUri": URI.format(**_UPLOADED)}
    return body


def _upload(properties: dict[str, Any], type_: str) -> None:
    for slot in SLOTS.get(type_, ()):
        for place in slot.places(properties):
            put(properties, place, slot.refer(**_UPLOADED))
    for name in BUILT.get(type_, ()):
        value = properties.get(name)
        if value == "" and name != "ContentUri":
            del properties[name]
        elif name != "ImageUri" and (value == "" or is_computed(value)):
            properties[name] = URI.format(**_UPLOADED)
    if type_ == SERVERLESS_APPLICATION and _is_location(properties.get("Location")):
        properties["Location"] = _UPLOADED["url"]


def _is_location(location: Any) -> bool:
    """Whether it names an application of the Serverless Application Repository, or will: SAM would create a copy."""
    if not isinstance(location, dict):
        return False
    named = [location.get(key) for key in ("ApplicationId", "SemanticVersion")]
    return all(value and isinstance(value, str | dict) for value in named) or len({*location} & {*FUNCTIONS}) == 1
