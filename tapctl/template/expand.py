"""Transforms, worked out by the code that AWS and cfn-lint use, under the parameter values that are in force.

`AWS::LanguageExtensions`: only `Fn::ForEach` needs a transform (the other extensions are values, see
`resolve`). cfn-lint unrolls the loops; where it would have to guess (a collection, or a map lookup, that
hangs on an unknown parameter), it is not asked.
`AWS::Serverless`: AWS's own SAM translator; what it refuses is a template error in its words.
"""

from tapctl.template import loops, sam
from tapctl.template.model import LANGUAGE_EXTENSIONS, Template
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver


def expand(template: Template, parameters: Parameters) -> Template:
    """The template after its transforms; itself when it needs none.

    Raises `TemplateError` for what the transforms refuse.
    """
    if loops.has_loops(template):
        if LANGUAGE_EXTENSIONS not in template.transforms:
            raise template.error(
                f"Fn::ForEach needs the transform {LANGUAGE_EXTENSIONS}",
                "Resources",
                hint=f"add `Transform: {LANGUAGE_EXTENSIONS}`",
            )
        template = loops.unroll(template, Resolver(template, bind(template, parameters)))
    if sam.is_serverless(template):
        template = sam.translate(template, bind(template, parameters))
    return template
