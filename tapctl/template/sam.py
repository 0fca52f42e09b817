"""`AWS::Serverless`, translated to CloudFormation by AWS's own SAM translator."""

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Advice, advise
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
"""The address of everything local until it is packaged, since the translator accepts no local path."""

_PUSHED = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapctl-not-pushed-yet:latest"


def is_serverless(template: Template) -> bool:
    """Whether SAM has anything to translate, also in a template that does not declare the transform."""
    if SERVERLESS in template.transforms:
        return True
    entries = (template.body.get("Resources") or {}).values()
    return any(isinstance(entry, dict) and str(entry.get("Type")).startswith(SERVERLESS_PREFIX) for entry in entries)


def translate(template: Template, parameters: Mapping[str, Bound]) -> Template:
    """The translated template. Raises `TemplateError` with SAM's message."""
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    values = {name: value for name, value in parameters.items() if not isinstance(value, Unknown)}
    body = _packaged_copy(template, values)
    try:
        translated = Translator({}, Parser(), boto_session=_Region()).translate(body, values)
    except InvalidDocumentException as error:
        raise _error(template, error.causes) from None
    except ExceptionWithMessage as error:
        raise _error(template, [error]) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # The translator does not check all of its input.
        message = f"SAM cannot translate the template: {type(error).__name__}: {error}"
        raise TemplateError(message, advise(Advice.VALIDATE_SAM), file=template.file) from None
    for name, location in _local_applications(template).items():
        translated["Resources"][name]["Properties"]["TemplateURL"] = location
    origins = dict(template.origins) | _origins(template, translated)
    return Template(template.source, translated, origins, template.opaque)


@dataclass(frozen=True, slots=True)
class _Region:
    """The session of which the translator reads only the Region."""

    region_name: str = "us-east-1"


def _packaged_copy(template: Template, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the body as packaging would leave it, since the translator refuses local paths.

    Given values replace the defaults, which the translator would prefer.
    """
    body = copy.deepcopy(dict(template.body))
    for name, entry in (body.get("Parameters") or {}).items():
        if "Default" in entry and isinstance(values.get(name), str):
            entry["Default"] = values[name]
    sections = body.get("Globals")
    section = sections.get("Function") if isinstance(sections, dict) else None
    shared = section if isinstance(section, dict) else {}
    _package(shared, SERVERLESS_FUNCTION)
    for resource in body["Resources"].values():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        if isinstance(properties, dict):
            _package(properties, str(resource.get("Type")))
            if resource.get("Type") == SERVERLESS_FUNCTION and not {*properties, *shared} & {
                "CodeUri",
                "InlineCode",
                "ImageUri",
            }:
                # `sam build` sets these.
                is_image = "Image" in (properties.get("PackageType"), shared.get("PackageType"))
                properties |= {"ImageUri": _PUSHED} if is_image else {"CodeUri": URI.format(**_UPLOADED)}
    return body


def _package(properties: dict[str, Any], type_: str) -> None:
    for slot in SLOTS.get(type_, ()):
        for place in slot.places(properties):
            put(properties, place, slot.refer(**_UPLOADED))


def _local_applications(template: Template) -> dict[str, str]:
    """The template of each nested application, by its logical id, as the file names it."""
    return {
        resource.logical_id: location
        for resource in template.resources()
        if resource.type == SERVERLESS_APPLICATION and isinstance(location := resource.properties.get("Location"), str)
    }


def _error(template: Template, causes: Any) -> TemplateError:
    message = "; ".join(" ".join(str(cause.message).split()) for cause in causes)
    logical_id = next((name for name in template.body["Resources"] if f"[{name}]" in message), None)
    line = template.line("Resources", logical_id) if logical_id else None
    return TemplateError(message, "fix the error that SAM reports", file=template.file, line=line)


def _origins(template: Template, translated: Mapping[str, Any]) -> dict[tuple[str, str], Path]:
    """The resource from which SAM generated each other one, whose name begins with that of its origin."""
    written = sorted(template.body["Resources"], key=len, reverse=True)
    origins: dict[tuple[str, str], Path] = {}
    for name in translated.get("Resources") or {}:
        if name not in template.body["Resources"]:
            origin = next((logical_id for logical_id in written if name.startswith(logical_id)), None)
            if origin:
                origins["Resources", name] = template.origins.get(("Resources", origin), ("Resources", origin))
    return origins
