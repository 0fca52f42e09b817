"""The texts of the templates that a template nests, whatever its conditions and parameters say."""

from collections.abc import Iterator
from pathlib import Path

from tapctl.errors import TemplateError
from tapctl.template.load import load
from tapctl.template.local import Kind, is_there, local_paths
from tapctl.template.model import Template
from tapctl.template.source import Source


def with_nested(source: Source) -> tuple[Source, ...]:
    """The text itself, then those nested in it at any depth, each once; what cannot be read is left out."""
    found = {Path(source.file).resolve(): source}
    waiting = [source]
    while waiting:
        for file in _named(waiting.pop(0)):
            if (place := file.resolve()) not in found and (inner := _read(file)):
                found[place] = inner
                waiting.append(inner)
    return tuple(found.values())


def _named(source: Source) -> Iterator[Path]:
    for local in local_paths(Template(source, source.value)):
        file = Path(source.file).parent / local.name
        if local.slot.kind is Kind.TEMPLATE and is_there(file):
            yield file


def _read(file: Path) -> Source | None:
    try:
        return load(str(file)).source
    except TemplateError:
        return None  # who resolves the family says what is wrong with it, if it is needed at all
