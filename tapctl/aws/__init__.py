"""The edge to AWS, and the only importer of boto3 and botocore.

`session` has the clients; the other modules wrap operations as typed functions with frozen results, which raise the
`AwsError` of `errors`. `aws_call` and `read_or_unknown` are for callers that use a client directly.
"""
