"""A template's transforms, applied with the parameter values in force.

`AWS::LanguageExtensions`: only `Fn::ForEach` needs a transform, since the resolver evaluates the other extensions.
`AWS::Serverless`: translated by AWS's own SAM translator, whose errors become template errors.
"""

from tapctl.template import loops, sam
from tapctl.template.model import LANGUAGE_EXTENSIONS, Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver


def expand(template: Template, parameters: Parameters) -> Template:
    """The template after its transforms; the template itself when it needs none.

    Raises `TemplateError` for what a transform refuses.
    """
    if loops.has_loops(template):
        if LANGUAGE_EXTENSIONS not in template.transforms:
            raise template.error(
                f"Fn::ForEach requires the transform {LANGUAGE_EXTENSIONS}",
                "Resources",
                hint=f"add `Transform: {LANGUAGE_EXTENSIONS}`",
            )
        template = loops.unroll(template, Resolver(template, bind(template, parameters)))
    if sam.is_serverless(template):
        template = sam.translate(template, bind(template, parameters))
    return template
