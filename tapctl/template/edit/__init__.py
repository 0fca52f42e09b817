"""Edits of a template file that keep every byte they need not change.

`definition` finds where a property is defined, `entry` computes the edit of one entry in the style that `render` takes
from the file, and `text` applies edits.
"""
