"""Verification: a deployed stack works and matches its running template.

verify          runs all checks of a stack in parallel, and retries those that failed
deployed_stack  the stack, its template and its resources · return_values: Ref and Fn::GetAtt of live resources
outputs         outputs, exports, and the patterns in [verify.outputs]
resources       one job a resource · resource_check: one API call and what is compared · services: the tables of them
                compare, policy: comparisons of values and policy documents
drift           CloudFormation's drift detection
http            the probes in [[verify.http]] · invoke: the invocations in [[verify.invoke]]
webhook         the test events in [verify.webhook]
"""
