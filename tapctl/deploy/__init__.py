"""From a template that fits to a stack that runs.

stack_state  what the stack's status allows
package      local code to a deterministic zip, and the template that points at it
artifacts    the bucket that they go to
change_set   what CloudFormation would do
events       what it does, live
diagnose     why it failed
run          all of it, in order
"""
