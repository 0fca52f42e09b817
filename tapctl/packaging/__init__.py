"""Local paths of a template as objects in the artifact bucket.

package           the packaged template and its artifacts, and their upload
content           the content of a local path: the files of a folder as a zip with a stable hash, or one file
                  links: the files of a folder, with what its links lead to
dependencies      the wheels of a Python function or layer, installed by uv for a lambda_platform
                  package_indexes: pip's configuration for uv · bytecode: compiled sources beside them
unbuilt_code      code that another tool has to build first
bucket            the artifact bucket of an account and Region
"""

REQUIREMENTS = "requirements.txt"
"""The file beside the code of a Python function that names what is installed into its package."""
