"""The properties that may name a local file or folder, which packaging replaces by an object in S3.

They are those of `aws cloudformation package` and `sam package`. A property counts while it is a string that is not
the address of an object in S3, or when the resource's metadata names the asset of the CDK that it refers to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path as FilePath
from typing import Any

from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import FUNCTION, SERVERLESS_APPLICATION, SERVERLESS_FUNCTION, SERVERLESS_PREFIX, STACK
from tapctl.template.model import FN_TRANSFORM, FOR_EACH, INCLUDE, Path, Template

REMOTE = ("s3://", "https://", "http://")


class PathKind(Enum):
    """How a local path is packaged."""

    CODE = "a function's code: zipped, even a single file"
    LAYER = "a layer's content: zipped, even a single file"
    ZIP = "any other zip"
    BUNDLE = "a folder is zipped, a file is uploaded as it is"
    FILE = "a file, uploaded as it is"
    TEMPLATE = "a template, packaged in turn"


URI = "s3://{bucket}/{key}"
URL = "{url}"
S3_BUCKET = {"S3Bucket": "{bucket}", "S3Key": "{key}"}
BUCKET = {"Bucket": "{bucket}", "Key": "{key}"}
"""The forms in which properties refer to an object in S3."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One property, by its dotted path with `*` for any key.

    A resource that sets one of `unless` does not take the property from SAM's Globals.
    """

    property: str
    kind: PathKind
    reference: str | Mapping[str, str]
    unless: tuple[str, ...] = ()

    def refer(self, bucket: str, key: str, url: str) -> Any:
        """The reference to an object in the form that the property takes."""
        if isinstance(self.reference, str):
            return self.reference.format(bucket=bucket, key=key, url=url)
        return {name: text.format(bucket=bucket, key=key) for name, text in self.reference.items()}

    def places(self, properties: Any) -> Iterator[Path]:
        """The path of every local path in the properties."""
        return _places(properties, tuple(self.property.split(".")))


_APPSYNC = (
    Slot("RequestMappingTemplateS3Location", PathKind.FILE, URI),
    Slot("ResponseMappingTemplateS3Location", PathKind.FILE, URI),
    Slot("CodeS3Location", PathKind.FILE, URI),
)
_FUNCTION = (Slot("CodeUri", PathKind.CODE, URI, unless=("InlineCode", "ImageUri")),)

SLOTS: Mapping[str, tuple[Slot, ...]] = {
    "AWS::ApiGateway::RestApi": (Slot("BodyS3Location", PathKind.FILE, BUCKET),),
    "AWS::ApiGatewayV2::Api": (Slot("BodyS3Location", PathKind.FILE, BUCKET),),
    "AWS::AppSync::FunctionConfiguration": _APPSYNC,
    "AWS::AppSync::GraphQLSchema": (Slot("DefinitionS3Location", PathKind.FILE, URI),),
    "AWS::AppSync::Resolver": _APPSYNC,
    "AWS::CloudFormation::ModuleVersion": (Slot("ModulePackage", PathKind.BUNDLE, URI),),
    "AWS::CloudFormation::ResourceVersion": (Slot("SchemaHandlerPackage", PathKind.BUNDLE, URI),),
    STACK: (Slot("TemplateURL", PathKind.TEMPLATE, URL),),
    "AWS::CloudFormation::StackSet": (Slot("TemplateURL", PathKind.FILE, URL),),
    "AWS::CodeCommit::Repository": (Slot("Code.S3", PathKind.ZIP, BUCKET),),
    "AWS::ElasticBeanstalk::ApplicationVersion": (Slot("SourceBundle", PathKind.BUNDLE, S3_BUCKET),),
    "AWS::Glue::Job": (Slot("Command.ScriptLocation", PathKind.FILE, URI),),
    FUNCTION: (Slot("Code", PathKind.CODE, S3_BUCKET),),
    "AWS::Lambda::LayerVersion": (Slot("Content", PathKind.LAYER, S3_BUCKET),),
    "AWS::Serverless::Api": (Slot("DefinitionUri", PathKind.FILE, URI, unless=("DefinitionBody",)),),
    SERVERLESS_APPLICATION: (Slot("Location", PathKind.TEMPLATE, URL),),
    SERVERLESS_FUNCTION: _FUNCTION,
    "AWS::Serverless::GraphQLApi": (
        Slot("SchemaUri", PathKind.FILE, URI),
        Slot("Functions.*.CodeUri", PathKind.FILE, URI),
        Slot("Resolvers.*.*.CodeUri", PathKind.FILE, URI),
    ),
    "AWS::Serverless::HttpApi": (Slot("DefinitionUri", PathKind.FILE, URI),),
    "AWS::Serverless::LayerVersion": (Slot("ContentUri", PathKind.LAYER, URI),),
    "AWS::Serverless::StateMachine": (Slot("DefinitionUri", PathKind.FILE, BUCKET),),
    "AWS::Serverless::WebFunction": _FUNCTION,
    "AWS::StepFunctions::StateMachine": (Slot("DefinitionS3Location", PathKind.FILE, BUCKET),),
}
"""By resource type."""

METADATA: Mapping[str, tuple[Slot, ...]] = {
    "AWS::ServerlessRepo::Application": (Slot("LicenseUrl", PathKind.FILE, URI), Slot("ReadmeUrl", PathKind.FILE, URI)),
}
"""By the name of an entry of the section `Metadata`."""

_SNIPPET = Slot("Location", PathKind.FILE, URI)


@dataclass(frozen=True, slots=True)
class Local:
    """The local path `name` at `path` of the template; `owner` is a logical id, or a key of the section Metadata.

    `properties` are the owner's with those of SAM's Globals, where `path` may be written.
    """

    owner: str
    slot: Slot
    path: Path
    name: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    is_asset: bool = False
    """Whether the CDK wrote it beside the template; once `cdk-assets` has published it, it need not exist."""

    @property
    def is_snippet(self) -> bool:
        """Whether `AWS::Include` names it, so that CloudFormation reads it when it creates the change set."""
        return self.slot is _SNIPPET


def local_paths(template: Template) -> Iterator[Local]:
    """The local paths in a template, in the order of the file."""
    shared = _map(template.body.get("Globals"))
    for logical_id, definition, path in _definitions(template.body.get("Resources"), ("Resources",)):
        own, type_ = _map(definition.get("Properties")), str(definition.get("Type"))
        inherited = (
            _map(shared.get(type_.removeprefix(SERVERLESS_PREFIX))) if type_.startswith(SERVERLESS_PREFIX) else {}
        )
        properties = {**inherited, **own}
        metadata = _map(definition.get("Metadata"))
        for slot in SLOTS.get(type_, ()):
            if asset := _asset(slot, own, metadata):
                place = (*path, "Properties", slot.property)
                yield Local(logical_id, slot, place, asset, properties, metadata, is_asset=True)
            if properties.get("PackageType") == "Image":
                continue
            for inner in slot.places(own if {*slot.unless} & {*own} else properties):
                place = (*path, "Properties", *inner)
                yield Local(logical_id, slot, place, _at(properties, inner), properties, metadata)
    for name, slots in METADATA.items():
        entry = _map(template.body.get("Metadata")).get(name)
        for slot in slots:
            for place in slot.places(entry):
                yield Local(name, slot, ("Metadata", name, *place), _at(entry, place), _map(entry), {})
    for path in _includes(template.body, ()):
        yield Local(INCLUDE, _SNIPPET, path, _at(template.body, path), {}, {})


RELATIVE = advise(JudgementAdvice.NAME_RELATIVE_PATH)
"""The hint for one that does not exist."""


def is_there(path: FilePath) -> bool:
    """Whether a file or folder exists; False for an impossible name."""
    try:
        return path.exists()
    except OSError:
        return False


def is_remote(location: str) -> bool:
    """Whether a location is not a local path."""
    return location.startswith(REMOTE)


def put(body: Any, path: Path, value: Any) -> None:
    """Set the value at a path of a template's body, with any missing maps on the way."""
    for key in path[:-1]:
        body = body.setdefault(key, {}) if isinstance(key, str) else body[key]
    body[path[-1]] = value


def _asset(slot: Slot, properties: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    """The CDK's asset to which the property refers."""
    name = metadata.get("aws:asset:path")
    refers = metadata.get("aws:asset:property") == slot.property and isinstance(properties.get(slot.property), dict)
    return name if refers and isinstance(name, str) else None


def _definitions(section: Any, path: Path) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Every resource of a section, also those within loops."""
    for name, entry in _map(section).items():
        if name.startswith(FOR_EACH):
            if isinstance(entry, list) and len(entry) == 3:
                yield from _definitions(entry[2], (*path, name, 2))
        elif isinstance(entry, dict):
            yield name, entry, (*path, name)


def _includes(value: Any, path: Path) -> Iterator[Path]:
    """The path of the Location of every `AWS::Include`, by `Fn::Transform` anywhere and in the section `Transform`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _includes(item, (*path, index))
    elif isinstance(value, dict):
        if path[-1:] == (FN_TRANSFORM,) or path[:1] == ("Transform",):
            if value.get("Name") == INCLUDE:
                yield from ((*path, *place) for place in _places(value, ("Parameters", "Location")))
        else:
            for key, item in value.items():
                yield from _includes(item, (*path, key))


def _places(value: Any, keys: tuple[str, ...]) -> Iterator[Path]:
    if not keys:
        if isinstance(value, str) and value and not value.startswith(REMOTE):
            yield ()
        return
    first, *rest = keys
    entries = _map(value)
    for name in entries if first == "*" else [first] if first in entries else []:
        yield from ((name, *place) for place in _places(entries[name], tuple(rest)))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
