"""Settings from options that are given by name, whatever group they belong to."""

from dataclasses import fields
from typing import Any

from tapctl.settings import settings
from tapctl.settings.options import AccountOptions, JudgementOptions, StackOptions, TemplateOptions
from tapctl.settings.settings import Settings


def read(**given: Any) -> Settings:
    """`tapctl.settings.settings.read`; what is no option goes to it as it is."""

    def group(kind: type[Any]) -> Any:
        return kind(**{field.name: given.pop(field.name) for field in fields(kind) if field.name in given})

    account, template = group(AccountOptions), group(TemplateOptions)
    judgement, stack = group(JudgementOptions), group(StackOptions)
    return settings.read(account, template=template, judgement=judgement, stack=stack, **given)
