"""The remedy as an edit of the source files.

`places` decides where each change is written, `run` turns that into edits of the files, `check` proves that
the edited files demand what the remedy says and differ in nothing else, and `file_edit` shows or writes them.
"""
