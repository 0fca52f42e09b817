"""Changes of a template file as it is written: only the bytes that must change do.

`site` says where a setting stands, `entry` changes it there, `suppress` excuses a resource from the policy
scanners, and `text` puts the edits into the text.
"""
