"""From a template that fits to a stack that runs.

stack        the stack as it stands
stack_state  every status, and what is done about it
recover      a stack that is at work waited for, one that is stuck mended
counsel      why it is stuck, and the question whether that may be touched
removal      a stack deleted, with consent to what that takes along or leaves behind
tree         the files of a folder, checked, and the name that their content gives them
archive      a zip that is the same for the same files
runtime      the machine that a function runs on, as wheels and markers call it
requirements the wheels for it, installed and kept
wheels       who gets which of them
content      what stands at a local path, packed as its property wants it
package      the template that points at all of it, and the objects that this takes
artifacts    the bucket that they go to
publish      their way there, beside the change set
capabilities what the template must be acknowledged to do
request      what a change set is asked for, with its options
change_set   what CloudFormation would do: changes, validations, leftovers
ask          a change set asked for, while code is uploaded
events       what it does, live: feed, one stack's; pace, how often it is asked
attend       the same while somebody watches, who may press Ctrl-C
watch        the same for an operation that somebody else began
diagnose     why it failed, by causes that are known; aftermath, what else is to be said then
operation    an operation followed to its end
journal      what a deploy is about to do, written down before
resume       what the last one left unfinished
run          all of it, in order
destroy      the way back: all that a stack holds, deleted
"""
