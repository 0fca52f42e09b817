"""The concurrency check, without any I/O: demand and account in, verdict, findings and remedy out.

demand              what the template asks for, function by function; `read_demand` reads it
update_diff         what an update replaces, retains and leaves alone, and the change of every claim
change              one function's claim before, after and at the peak; the sums over all of them
floor               the unreserved minimum, as far as it is known
judge               the verdict on concurrency
remedy              the smallest change that makes the template fit; by a parameter where that is possible
two_step            lower first, then raise, where one step might fail
refused_settings    what Lambda refuses whatever the account has left
exports_check       exports that are taken, and exports in use that go or change
warnings            what does not decide whether the deploy fits
limits_check        every other limit of the catalogue
result              `Preflight`: everything that was decided, worked out once
"""
