"""What a template names on this machine, uploaded, and the template that points at it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tapctl.aws import Aws, explained
from tapctl.deploy.apply import apply
from tapctl.deploy.artifacts import ArtifactStore
from tapctl.deploy.package import Artifact, artifacts, nested, with_artifacts
from tapctl.headroom.remedy import Plan
from tapctl.template.load import load
from tapctl.template.model import Template

MAX_BODY = 51_200
"""Bytes of template that a request may carry; a longer one goes through S3."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where artifacts go, and who is told of each."""

    aws: Aws
    chosen_bucket: str | None
    step: Callable[[str], None]

    def publish(self, template: Template, plan: Plan) -> dict[str, str]:
        """The template with its remedy, `TemplateBody` or `TemplateURL`, once everything local in it is uploaded.

        It goes as it was written where nothing had to be changed. Raises `UsageError` for what cannot be
        packaged, or goes to a bucket that is not ours.
        """
        body = self._packaged(template, plan)
        text = template.source.text if body == template.body else _dump(body)
        if len(text.encode()) <= MAX_BODY:
            return {"TemplateBody": text}
        return {"TemplateURL": self._put_template(self._store(), text)}

    def _packaged(self, template: Template, plan: Plan, prefix: str = "") -> dict[str, Any]:
        """The template with its remedy, and with what was local uploaded: code, and nested templates likewise."""
        body, packed = apply(template.body, plan, prefix), artifacts(template)
        below = {
            logical_id: (name, self._packaged(load(str(file)), plan, f"{prefix}{logical_id}/"))
            for logical_id, name, file in nested(template)
        }
        if not packed and not below:
            return body
        store = self._store()
        if packed:
            self._put(store, packed)
            body = with_artifacts(body, store.bucket, packed)
        for logical_id, (name, child) in below.items():
            body["Resources"][logical_id]["Properties"][name] = self._put_template(store, _dump(child))
        return body

    def _put_template(self, store: ArtifactStore, text: str) -> str:
        key = f"{hashlib.sha256(text.encode()).hexdigest()}.template"
        store.put(key, text.encode())
        return store.url(key)

    def _store(self) -> ArtifactStore:
        store = ArtifactStore(self.aws, _account_id(self.aws), self.chosen_bucket)
        if store.ensure():
            self.step(f"made the artifact bucket {store.bucket}")
        return store

    def _put(self, store: ArtifactStore, packed: tuple[Artifact, ...]) -> None:
        with ThreadPoolExecutor(4, "upload") as pool:
            done = list(pool.map(lambda artifact: store.put(artifact.key, artifact.data), packed))
        for artifact, uploaded in zip(packed, done, strict=True):
            how = "uploaded" if uploaded else "there already"
            self.step(f"code of {artifact.logical_id}: {len(artifact.data):,} bytes, {how}")


def _dump(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False)


def _account_id(aws: Aws) -> str:
    with explained("asking whose credentials these are"):
        return str(aws.client("sts").get_caller_identity()["Account"])
