"""`AWS::Serverless`, translated by AWS's own SAM translator."""

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.errors import TemplateError
from tapctl.resource_types import SERVERLESS_APPLICATION, SERVERLESS_FUNCTION, SERVERLESS_PREFIX
from tapctl.template.local_paths import SLOTS, URI, put
from tapctl.template.model import SERVERLESS, Template
from tapctl.template.parameters import Bound
from tapctl.template.source import Path
from tapctl.unknown import Unknown

_UPLOADED = {
    "bucket": "tapctl-not-uploaded-yet",
    "key": "artifact",
    "url": "https://tapctl-not-uploaded-yet.s3.amazonaws.com/artifact",
}
"""Where everything local is, until packaging says where: the translator does not take a path of this machine."""

_PUSHED = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapctl-not-pushed-yet:latest"


def is_serverless(template: Template) -> bool:
    """Whether SAM has anything to translate; a template without the Transform line counts too."""
    if SERVERLESS in template.transforms:
        return True
    entries = (template.body.get("Resources") or {}).values()
    return any(isinstance(each, dict) and str(each.get("Type")).startswith(SERVERLESS_PREFIX) for each in entries)


def translate(template: Template, parameters: Mapping[str, Bound]) -> Template:
    """The CloudFormation template that SAM makes of it. Raises `TemplateError` in SAM's words."""
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    values = {name: value for name, value in parameters.items() if not isinstance(value, Unknown)}
    body = _packaged(template, values)
    try:
        translated = Translator({}, Parser(), boto_session=_Region()).translate(body, values)
    except InvalidDocumentException as error:
        raise _refusal(template, error.causes) from None
    except ExceptionWithMessage as error:
        raise _refusal(template, [error]) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # The translator does not check everything that it is given.
        raise TemplateError(
            f"SAM cannot translate it: {type(error).__name__}: {error}",
            "`sam validate --lint` may say more",
            file=template.file,
        ) from None
    for name, location in _local_applications(template).items():
        translated["Resources"][name]["Properties"]["TemplateURL"] = location
    origins = dict(template.origins) | _origins(template, translated)
    return Template(template.source, translated, origins, template.opaque)


@dataclass(frozen=True, slots=True)
class _Region:
    """The translator wants a session only to know a Region."""

    region_name: str = "us-east-1"


def _packaged(template: Template, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as packaging would leave it, so that the translator does not stop at a local path.

    Defaults are taken out of the way of the given values, which the translator would otherwise prefer them to.
    """
    body = copy.deepcopy(dict(template.body))
    for name, entry in (body.get("Parameters") or {}).items():
        if "Default" in entry and isinstance(values.get(name), str):
            entry["Default"] = values[name]
    everywhere = body.get("Globals")
    function = everywhere.get("Function") if isinstance(everywhere, dict) else None
    shared = function if isinstance(function, dict) else {}
    _pack(shared, SERVERLESS_FUNCTION)
    for resource in body["Resources"].values():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        if isinstance(properties, dict):
            _pack(properties, str(resource.get("Type")))
            if resource.get("Type") == SERVERLESS_FUNCTION and not {*properties, *shared} & {
                "CodeUri",
                "InlineCode",
                "ImageUri",
            }:
                # `sam build` fills these in.
                is_image = "Image" in (properties.get("PackageType"), shared.get("PackageType"))
                properties |= {"ImageUri": _PUSHED} if is_image else {"CodeUri": URI.format(**_UPLOADED)}
    return body


def _pack(properties: dict[str, Any], kind: str) -> None:
    for slot in SLOTS.get(kind, ()):
        for place in slot.places(properties):
            put(properties, place, slot.refer(**_UPLOADED))


def _local_applications(template: Template) -> dict[str, str]:
    """Where each nested application's template is, which the translator was not shown."""
    return {
        resource.logical_id: location
        for resource in template.resources()
        if resource.type == SERVERLESS_APPLICATION and isinstance(location := resource.properties.get("Location"), str)
    }


def _refusal(template: Template, causes: Any) -> TemplateError:
    said = "; ".join(" ".join(str(cause.message).split()) for cause in causes)
    named = next((name for name in template.body["Resources"] if f"[{name}]" in said), None)
    line = template.line("Resources", named) if named else None
    return TemplateError(said, "mend it as SAM says", file=template.file, line=line)


def _origins(template: Template, translated: Mapping[str, Any]) -> dict[tuple[str, str], Path]:
    """The resource that each made one comes from: SAM begins its names with the name of the maker."""
    written = sorted(template.body["Resources"], key=len, reverse=True)
    found: dict[tuple[str, str], Path] = {}
    for name in translated.get("Resources") or {}:
        if name not in template.body["Resources"]:
            maker = next((each for each in written if name.startswith(each)), None)
            if maker:
                found["Resources", name] = template.origins.get(("Resources", maker), ("Resources", maker))
    return found
