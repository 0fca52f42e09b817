"""Whether what templates name on this machine is there; a deploy could not package it otherwise."""

from pathlib import Path

from tapctl.template.family import Family
from tapctl.template.local import RELATIVE, is_there, local_paths
from tapctl.template.model import Template


def refuse_missing(kin: Family) -> None:
    """Look for the files and folders that the templates of a family name; nothing is opened.

    Raises `TemplateError` for the first that is not there. A template that is no file itself, and so has no folder
    that its paths could be relative to, is not looked at; nor are assets of the CDK, which may be published already.
    """
    for member in kin.members():
        source = member.resolver.template.source
        written, file = Template(source, source.value), Path(source.file)
        for local in local_paths(written) if is_there(file) else ():
            if not local.is_asset and not is_there(file.parent / local.name):
                raise written.error(f"{local.owner}: there is no {local.name}", *local.path, hint=RELATIVE)
