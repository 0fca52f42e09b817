"""AWS's SAM translator as a function, imported without boto3 and without what it validates of its own.

Half of its import is boto3, which it needs for the applications of the Serverless Application Repository alone, of
which it creates copies in the account. Without boto3 it cannot.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import Any, NoReturn


class Refused(Exception):
    """SAM's refusal: one message for each cause; or its failure, where it `crashed`."""

    def __init__(self, messages: list[str], *, crashed: bool = False) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages
        self.crashed = crashed


def run(body: dict[str, Any], values: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    """The body after SAM, which also changes `body`; `values` are those of the parameters.

    Raises `Refused` for what SAM refuses and where it fails, since it does not check all of its input.
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
        raise Refused([_words(cause) for cause in error.causes]) from None
    except sam.ExceptionWithMessage as error:
        raise Refused([_words(error)]) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Refused([f"SAM cannot translate the template: {type(error).__name__}: {error}"], crashed=True) from None


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
        return _Sam(
            import_module("samtranslator.translator.translator").Translator,
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
