"""Where a template may name a file or folder of this machine, which packaging replaces by an object in S3.

The properties are those of `aws cloudformation package` and `sam package`; a property that names an object in S3
already, or holds anything but text, is nobody's business here, unless the CDK says in the resource's metadata which
asset of its output that is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path as FilePath
from typing import Any

from tapctl.resource_types import FUNCTION, SERVERLESS_APPLICATION, SERVERLESS_FUNCTION, SERVERLESS_PREFIX, STACK
from tapctl.template.model import FOR_EACH, INCLUDED, Template
from tapctl.template.source import Path

INCLUDE = "AWS::Include"
_REMOTE = ("s3://", "https://", "http://")


class PathKind(Enum):
    """How what stands there is packed."""

    CODE = "a function's code: zipped, a single file too"
    LAYER = "a layer's content: zipped likewise"
    ZIP = "anything else that must be a zip"
    BUNDLE = "a folder is zipped, a file goes as it is"
    FILE = "a file, as it is"
    TEMPLATE = "a template, packaged itself"


URI = "s3://{bucket}/{key}"
URL = "{url}"
S3_BUCKET = {"S3Bucket": "{bucket}", "S3Key": "{key}"}
BUCKET = {"Bucket": "{bucket}", "Key": "{key}"}
"""How a property refers to an object: text to be filled with its bucket, its key and its address."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One property; `*` stands for any key on the way to it.

    Where a resource gives one of `unless`, SAM's Globals do not count for it.
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
        """The path of every value in the properties that names something local."""
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
    """Something on this machine that the template names at `path`; `owner` is the resource, or what else names it.

    `properties` are the owner's with what they inherit from SAM's Globals; `path` may be one that is inherited.
    """

    owner: str
    slot: Slot
    path: Path
    name: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    is_asset: bool = False
    """Whether the CDK wrote it beside the template; it need not be there any more once `cdk-assets` published it."""

    @property
    def is_snippet(self) -> bool:
        """Whether it is what `AWS::Include` pulls in, which CloudFormation reads for the change set already."""
        return self.slot is _SNIPPET


def local_paths(template: Template) -> Iterator[Local]:
    """Everything that the template names on this machine, in the order of the file."""
    shared = _map(template.body.get("Globals"))
    for logical_id, definition, path in _definitions(template.body.get("Resources"), ("Resources",)):
        own, kind = _map(definition.get("Properties")), str(definition.get("Type"))
        inherited = _map(shared.get(kind.removeprefix(SERVERLESS_PREFIX))) if kind.startswith(SERVERLESS_PREFIX) else {}
        properties = {**inherited, **own}
        metadata = _map(definition.get("Metadata"))
        for slot in SLOTS.get(kind, ()):
            if asset := _asset(slot, own, metadata):
                where = (*path, "Properties", slot.property)
                yield Local(logical_id, slot, where, asset, properties, metadata, is_asset=True)
            for place in slot.places(own if {*slot.unless} & {*own} else properties):
                if properties.get("PackageType") == "Image":
                    continue
                where = (*path, "Properties", *place)
                yield Local(logical_id, slot, where, _at(properties, place), properties, metadata)
    for name, slots in METADATA.items():
        entry = _map(template.body.get("Metadata")).get(name)
        for slot in slots:
            for place in slot.places(entry):
                yield Local(name, slot, ("Metadata", name, *place), _at(entry, place), _map(entry), {})
    for path in _includes(template.body, ()):
        yield Local(INCLUDE, _SNIPPET, path, _at(template.body, path), {}, {})


RELATIVE = "a path is relative to the template that names it"


def is_there(path: FilePath) -> bool:
    """Whether a file or folder is there; a name that no file can have names none."""
    try:
        return path.exists()
    except OSError:
        return False


def put(body: Any, path: Path, value: Any) -> None:
    """Write a value at a path of a template's body; maps that are missing on the way are made."""
    for key in path[:-1]:
        body = body.setdefault(key, {}) if isinstance(key, str) else body[key]
    body[path[-1]] = value


def _asset(slot: Slot, properties: Mapping[str, Any], metadata: Mapping[str, Any]) -> str | None:
    """The asset that the CDK has put a reference to into the property."""
    name = metadata.get("aws:asset:path")
    refers = metadata.get("aws:asset:property") == slot.property and isinstance(properties.get(slot.property), dict)
    return name if refers and isinstance(name, str) else None


def _definitions(section: Any, path: Path) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Every resource of a section, those within loops too."""
    for name, entry in _map(section).items():
        if name.startswith(FOR_EACH):
            if isinstance(entry, list) and len(entry) == 3:
                yield from _definitions(entry[2], (*path, name, 2))
        elif isinstance(entry, dict):
            yield name, entry, (*path, name)


def _includes(value: Any, path: Path) -> Iterator[Path]:
    """The path of the location of every snippet: of `Fn::Transform` anywhere, and of the section `Transform`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _includes(item, (*path, index))
    elif isinstance(value, dict):
        if path[-1:] == (INCLUDED,) or path[:1] == ("Transform",):
            if value.get("Name") == INCLUDE:
                yield from ((*path, *place) for place in _places(value, ("Parameters", "Location")))
        else:
            for key, item in value.items():
                yield from _includes(item, (*path, key))


def _places(value: Any, keys: tuple[str, ...]) -> Iterator[Path]:
    if not keys:
        if isinstance(value, str) and value and not value.startswith(_REMOTE):
            yield ()
        return
    first, *rest = keys
    held = _map(value)
    for name in held if first == "*" else [first] if first in held else []:
        yield from ((name, *place) for place in _places(held[name], tuple(rest)))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
