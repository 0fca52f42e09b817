"""Local code to a zip that is the same bytes for the same content, and the template that points at it."""

import copy
import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from tapctl.errors import UsageError
from tapctl.template.model import Template

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, given to every entry."""

MAX_UNZIPPED = 262_144_000
"""Bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

CODE = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
"""The property of each type that may be a local path, as for `aws cloudformation package`."""

NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
"""The property of each type that may be a local template."""

LEFT_OUT = {"__pycache__", ".git", ".DS_Store", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip in memory and the key that its content gives it."""

    logical_id: str
    key: str
    data: bytes


def artifacts(template: Template) -> tuple[Artifact, ...]:
    """Zip what the template's local paths name; a path is relative to the template.

    Raises `UsageError` for a path that is not there, an empty folder, and what leads out of it.
    """
    return tuple(_zip(logical_id, path) for logical_id, path in _local_code(template))


def with_artifacts(body: Mapping[str, Any], bucket: str, packed: tuple[Artifact, ...]) -> dict[str, Any]:
    """The template with every local path replaced by its object in the bucket."""
    packaged = copy.deepcopy(dict(body))
    for artifact in packed:
        resource = packaged["Resources"][artifact.logical_id]
        place = {"S3Bucket": bucket, "S3Key": artifact.key}
        uri = f"s3://{bucket}/{artifact.key}"
        is_sam = resource["Type"].startswith("AWS::Serverless::")
        resource.setdefault("Properties", {})[CODE[resource["Type"]]] = uri if is_sam else place
    return packaged


def nested(template: Template) -> Iterator[tuple[str, str, Path]]:
    """The logical id, the property and the file of each nested template that is a local file."""
    for resource in template.resources():
        name = resource.properties.get(NESTED.get(resource.type, ""))
        if isinstance(name, str) and "://" not in name:
            yield resource.logical_id, NESTED[resource.type], Path(template.file).parent / name


def _local_code(template: Template) -> Iterator[tuple[str, Path]]:
    folder = Path(template.file).parent
    shared = (template.body.get("Globals") or {}).get("Function") or {}
    for resource in template.resources():
        inherited = shared if resource.type == "AWS::Serverless::Function" else {}
        code = {**inherited, **resource.properties}.get(CODE.get(resource.type, ""))
        if (
            isinstance(code, str)
            and not code.startswith(("s3://", "https://"))
            and "InlineCode" not in resource.properties
        ):
            yield resource.logical_id, folder / code


def _zip(logical_id: str, path: Path) -> Artifact:
    try:
        return _packed(logical_id, path)
    except OSError as error:
        raise UsageError(
            f"{logical_id}: cannot read {error.filename or path}: {error.strerror}", "mend it, or leave it out"
        ) from None
    except UnicodeEncodeError:
        raise UsageError(f"{logical_id}: {path} has a file whose name is not UTF-8", "rename it") from None


def _packed(logical_id: str, path: Path) -> Artifact:
    if not path.exists():
        raise UsageError(f"{logical_id}: there is no {path}", "its code path is relative to the template")
    if path.suffix == ".zip" and path.is_file():
        data = path.read_bytes()
        return Artifact(logical_id, f"{hashlib.sha256(data).hexdigest()}.zip", data)
    files = sorted(_files(path), key=lambda pair: pair[0])
    if not files:
        raise UsageError(f"{logical_id}: {path} has no files", "put the function's code there")
    if (size := sum(file.stat().st_size for _, file in files)) > MAX_UNZIPPED:
        raise UsageError(f"{logical_id}: {path} is {size:,} bytes; Lambda takes {MAX_UNZIPPED:,}", "leave files out")
    data = deterministic_zip(files)
    return Artifact(logical_id, f"{hashlib.sha256(data).hexdigest()}.zip", data)


def deterministic_zip(files: list[tuple[str, Path]]) -> bytes:
    """A zip of (name, file) in the given order: fixed times, modes 755 or 644, nothing of this machine."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, wherever it is made
            entry.compress_type = zipfile.ZIP_DEFLATED
            executable = file.stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    root = path.resolve()
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if name not in LEFT_OUT)
        for name in (*files, *(each for each in names if (Path(folder) / each).is_symlink())):
            if name in LEFT_OUT or name.endswith(".pyc"):
                continue
            file = Path(folder) / name
            yield file.relative_to(path).as_posix(), _inside(file, root)


def _inside(file: Path, root: Path) -> Path:
    """The file itself; a link must not be broken, lead out of the folder, or be to a folder."""
    if not file.is_symlink():
        if not file.is_file():
            raise UsageError(f"{file} is neither a file nor a folder", "leave it out of the function's folder")
        return file
    target = Path(os.path.realpath(file))  # Path.resolve raises for a link to itself before Python 3.13
    if not target.is_file():
        raise UsageError(f"{file} is a link to what is not a file", "replace the link by the file")
    if not target.is_relative_to(root):
        raise UsageError(f"{file} is a link that leads out of the function's folder", "replace the link by the file")
    return file
