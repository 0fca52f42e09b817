"""What the file says.

load -> parse -> Template (every value with its line) -> expand (transforms) -> Resolver (values)
"""
