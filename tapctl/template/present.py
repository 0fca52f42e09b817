"""Whether what templates name on this machine is there; a deploy could not package it otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tapctl.template.family import Family
from tapctl.template.local import is_there, local_paths
from tapctl.template.model import Template


@dataclass(frozen=True, slots=True)
class Missing:
    """A local path that names nothing, and where it is written."""

    owner: str
    name: str
    file: str
    line: int


def missing(kin: Family) -> Iterator[Missing]:
    """The files and folders that the templates of a family name and that are not there; nothing is opened.

    A template that is no file itself, and so has no folder that its paths could be relative to, is not looked at; nor
    are assets of the CDK, which may be published already.
    """
    for member in kin.members():
        source = member.resolver.template.source
        written, file = Template(source, source.value), Path(source.file)
        for local in local_paths(written) if is_there(file) else ():
            if not local.is_asset and not is_there(file.parent / local.name):
                yield Missing(local.owner, local.name, source.file, written.line(*local.path))
