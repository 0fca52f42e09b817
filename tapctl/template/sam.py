"""`AWS::Serverless`, translated to CloudFormation by AWS's own SAM translator.

The translator runs as AWS runs it, after AWS::LanguageExtensions and with a value for every parameter. Here some values
are unknown: a text stands in for each, and becomes a reference again in what SAM generates. AWS is never asked.
"""

import copy
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import Any, NoReturn

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import (
    PUBLISHED,
    SERVERLESS_APPLICATION,
    SERVERLESS_FUNCTION,
    STACK,
)
from tapctl.template.intrinsics import PSEUDO_PARAMETERS
from tapctl.template.model import LANGUAGE_EXTENSIONS, Path, Template
from tapctl.template.parameters import References
from tapctl.template.resolver import LanguageExtensions, Resolver
from tapctl.template.sam_build import is_sam, packaged
from tapctl.unknown import Unknown


def translate(template: Template, resolver: Resolver) -> Template:
    """The translated template; `resolver` has the values of its parameters and the known pseudo parameters.

    A function that SAM refuses for want of an unknown value becomes opaque. Raises `TemplateError` with SAM's message
    for any other refusal.
    """
    stand_ins = _StandIns.of(template, resolver)
    values = {
        **{name: value for name, value in resolver.parameters.items() if not isinstance(value, Unknown)},
        **{name: value for name, value in resolver.pseudo.items() if name in _READ_BY_SAM},
        **stand_ins.values,
    }
    left_out: dict[str, Unknown] = {}
    while True:
        body = _translatable(template, resolver, stand_ins, values)
        for name in left_out:
            del body["Resources"][name]
        try:
            translated = _run(body, values, resolver.pseudo.get("AWS::Region"))
            break
        except _Refused as refusal:
            if refusal.crashed:
                raise TemplateError(str(refusal), advise(JudgementAdvice.VALIDATE_SAM), file=template.file) from None
            left_out |= _undecided(template, resolver, refusal.messages, left_out)
    translated = stand_ins.referred_to(translated)
    _put_back(template, translated, left_out)
    origins = dict(template.origins) | _origins(template, translated)
    opaque: dict[Path, Unknown] = {
        ("Resources", name): why for name, why in left_out.items() if name not in translated["Resources"]
    }
    return Template(template.source, translated, origins, {**template.opaque, **opaque})


def _put_back(template: Template, translated: dict[str, Any], left_out: Iterable[str]) -> None:
    """Restore in SAM's result what was hidden from it: defaults, locations of nested templates, refused resources."""
    written = template.body["Resources"]
    if "Parameters" in template.body:
        translated["Parameters"] = template.body["Parameters"]
    for name, entry in written.items():
        if entry.get("Type") == SERVERLESS_APPLICATION and name in translated["Resources"]:
            translated["Resources"][name]["Properties"]["TemplateURL"] = entry["Properties"]["Location"]
    for name in left_out:
        if written[name].get("Type") == SERVERLESS_APPLICATION:
            location = written[name].get("Properties", {}).get("Location")
            translated["Resources"][name] = {"Type": STACK, "Properties": {"TemplateURL": location}}
        elif written[name].get("Type") != SERVERLESS_FUNCTION:
            translated["Resources"][name] = written[name]


def _undecided(
    template: Template, resolver: Resolver, messages: list[str], left_out: Mapping[str, Unknown]
) -> dict[str, Unknown]:
    """The resources that SAM refuses, and the unknown value that each uses.

    Raises `TemplateError` with SAM's messages where one of them uses none.
    """
    references = References.of(template.body)
    undecided: dict[str, Unknown] = {}
    for message in messages:
        name = _refused_resource(template, [message])
        used = references.within(("Resources", name)) if name else []
        unknown = (left_out.get(name) or _unknown_value(template, resolver, name) for name in used)
        if name is None or name in left_out or (why := next(filter(None, unknown), None)) is None:
            name = _refused_resource(template, messages)
            line = template.line("Resources", name) if name else None
            raise TemplateError(
                "; ".join(messages), advise(JudgementAdvice.FIX_SAM_ERROR), file=template.file, line=line
            )
        undecided[name] = why
    return undecided


def _refused_resource(template: Template, messages: list[str]) -> str | None:
    """The resource that SAM's messages name."""
    message = "; ".join(messages)
    return next((name for name in template.body["Resources"] if f"[{name}]" in message), None)


def _unknown_value(template: Template, resolver: Resolver, name: str) -> Unknown | None:
    """Why the parameter has no value; a pseudo parameter has one in SAM's eyes only where AWS extends the language."""
    if LANGUAGE_EXTENSIONS not in template.transforms and name.startswith("AWS::"):
        return None
    value = resolver.value({"Ref": name}) if name in resolver.parameters or name in PSEUDO_PARAMETERS else None
    return value if isinstance(value, Unknown) else None


_READ_BY_SAM = ("AWS::Region", "AWS::Partition")
"""The pseudo parameters that SAM replaces by their values."""


@dataclass(frozen=True, slots=True)
class _StandIns:
    """By unknown parameter or pseudo parameter, the text that stands in for its value while SAM runs.

    It has letters and digits only, since SAM makes logical ids of values.
    """

    texts: Mapping[str, str]

    @classmethod
    def of(cls, template: Template, resolver: Resolver) -> "_StandIns":
        unknown = [
            name
            for name, value in resolver.parameters.items()
            # SAM takes a Ref to a list as it is, and a text for a list as an error.
            if isinstance(value, Unknown) and "List" not in str(template.parameters[name].get("Type"))
        ]
        unknown += [name for name in PSEUDO_PARAMETERS if name not in resolver.pseudo]
        return cls({name: f"tapctlUnknown{index}x" for index, name in enumerate(unknown)})

    @property
    def values(self) -> dict[str, str]:
        """The parameters that SAM is given as values."""
        return {name: text for name, text in self.texts.items() if name in _READ_BY_SAM or not name.startswith("AWS::")}

    def referred_to(self, translated: dict[str, Any]) -> dict[str, Any]:
        """SAM's output, with references to the unknown values in the place of their texts."""
        body: dict[str, Any] = self._reference(translated)
        for logical_id, resource in body["Resources"].items():
            named = next((name for name in self.texts if f"${{{name}}}" in logical_id), None)
            if named and resource["Type"] in PUBLISHED:
                self._make_conditional(body, logical_id, named)
        return body

    def _make_conditional(self, body: dict[str, Any], logical_id: str, name: str) -> None:
        """Make it unknown whether a version or alias with this logical id exists, since its id contains the value."""
        resource = body["Resources"][logical_id]
        known = {"Fn::Equals": [{"Ref": name}, {"Ref": name}]}
        own = [{"Condition": resource["Condition"]}] if "Condition" in resource else []
        resource["Condition"] = f"{logical_id} is known"
        body["Conditions"] = (body.get("Conditions") or {}) | {resource["Condition"]: {"Fn::And": [*own, known]}}

    def _reference(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {self._with_references(name): self._reference(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._reference(item, key) for item in value]
        if not isinstance(value, str) or "tapctlUnknown" not in value:
            return value
        if key in ("Ref", "Fn::GetAtt", "Fn::Sub", "DependsOn", "Condition"):
            return self._with_references(value)
        name = next((name for name, text in self.texts.items() if text == value), None)
        return {"Ref": name} if name else {"Fn::Sub": self._with_references(value.replace("${", "${!"))}

    def _with_references(self, text: str) -> str:
        for name, stand_in in self.texts.items() if "tapctlUnknown" in text else ():
            text = text.replace(stand_in, f"${{{name}}}")
        return text


def _translatable(
    template: Template, resolver: Resolver, stand_ins: _StandIns, values: Mapping[str, Any]
) -> dict[str, Any]:
    """A copy of the body for the translator: with known values where they are extended, and as packaging leaves it.

    Given values replace the defaults, which the translator would prefer.
    """
    body = copy.deepcopy(dict(template.body))
    for name, entry in (body.get("Parameters") or {}).items():
        if isinstance(entry, dict) and "Default" in entry and isinstance(values.get(name), str):
            entry["Default"] = values[name]
    if LANGUAGE_EXTENSIONS in template.transforms:
        pseudo = {**resolver.pseudo, **stand_ins.texts}
        supposing = replace(resolver, parameters=values, pseudo=pseudo, _conditions={})
        extended = LanguageExtensions(resolver, supposing)
        body["Globals"] = extended.resolved(body.get("Globals") or {}, ("Globals",))
        body["Resources"] = {
            name: extended.resolved(entry, ("Resources", name)) if is_sam(entry) else entry
            for name, entry in body["Resources"].items()
        }
    return packaged(body)


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


class _Refused(Exception):
    """SAM's refusal: one message for each cause; or its failure, where it `crashed`."""

    def __init__(self, messages: list[str], *, crashed: bool = False) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages
        self.crashed = crashed


def _run(body: dict[str, Any], values: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    """The body after SAM, which also changes `body`; `values` are those of the parameters.

    Raises `_Refused` for what SAM refuses and where it fails, since it does not check all of its input.
    """
    if not body["Resources"]:
        return body
    sam = _translator()
    # In the place of SAM's own, which would ask AWS to copy an application into the account.
    applications = sam.ServerlessAppPlugin(parameters=values, sar_client_creator=_no_client)
    session = _Region(region or "us-east-1")
    try:
        return dict(sam.Translator({}, sam.Parser(), [applications], session).translate(body, values))
    except sam.InvalidDocumentException as error:
        raise _Refused([_words(cause) for cause in error.causes]) from None
    except sam.ExceptionWithMessage as error:
        raise _Refused([_words(error)]) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _Refused([f"SAM cannot translate the template: {type(error).__name__}: {error}"], crashed=True) from None


def _words(cause: Any) -> str:
    return " ".join(str(cause.message).split())


def _no_client() -> NoReturn:
    raise ValueError("it names an application that only AWS can read")


@dataclass(frozen=True, slots=True)
class _Region:
    """The session of which the translator reads only the Region."""

    region_name: str


@dataclass(frozen=True, slots=True)
class _Sam:
    Translator: Any
    Parser: Any
    ServerlessAppPlugin: Any
    InvalidDocumentException: Any
    ExceptionWithMessage: Any


@cache
def _translator() -> _Sam:
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    with _without(_UNUSED), _lazily(_SCHEMAS):
        exceptions = import_module("samtranslator.model.exceptions")
        translator: Any = import_module("samtranslator.translator.translator")
        # It reads and checks all of its own policy templates for each translation, most of the time that one takes.
        translator.make_policy_template_for_function_plugin = cache(translator.make_policy_template_for_function_plugin)
        return _Sam(
            translator.Translator,
            import_module("samtranslator.parser.parser").Parser,
            import_module("samtranslator.plugins.application.serverless_app_plugin").ServerlessAppPlugin,
            exceptions.InvalidDocumentException,
            exceptions.ExceptionWithMessage,
        )


_UNUSED = (
    *("boto3", "boto3.session", "botocore", "botocore.client", "botocore.config", "botocore.exceptions"),
    # It checks the policy templates that are part of the translator, at every start.
    *("jsonschema", "jsonschema.exceptions"),
)
_SCHEMAS = "samtranslator.internal.schema_source.aws_serverless_"
"""Begins the names of its models of resource types, most of which only some types need."""


class _Absent(ModuleType):
    """A module in which every name is an exception that is never raised."""

    def __getattr__(self, name: str) -> type[Exception]:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Import without these modules; where one is loaded already, it saves nothing to leave it out."""
    absent = {name: _Absent(name) for name in names if name.partition(".")[0] not in sys.modules}
    sys.modules |= absent
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def _lazily(prefix: str) -> Iterator[None]:
    """Load the imported modules whose names begin like this on their first use."""

    class Finder(MetaPathFinder):
        def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
            spec = PathFinder.find_spec(name, path, target) if name.startswith(prefix) else None
            if spec and spec.loader:
                spec.loader = LazyLoader(spec.loader)
            return spec

    finder = Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
