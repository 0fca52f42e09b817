"""The concurrency check, without any I/O: demand and account in, verdict, findings and remedy out.

demand              what the template asks for, function by function; `read_demand` reads it
deployed            the templates that a stack was deployed from
replacement         what an update does to functions, from two templates; `update_effects` to those of a whole tree
replaced_resources  what it replaces of any other type
change              one function's claim before, after and at the peak; the sums over all of them
floor               the unreserved minimum, as far as it is known
judge               the verdict on concurrency
remedy              the smallest change that makes the template fit; by a parameter where that is possible
two_step            lower first, then raise, where one step might fail
refused_settings    settings that Lambda refuses in any account
exports_check       exports that are taken, and exports in use that go or change
warnings            what does not decide whether the deploy fits
counting            what a template counts toward a limit
additions           what of it is new to the account, or exists twice for a while
limits_check        every other limit of the catalogue
result              `Preflight`: everything that was decided, worked out once
"""
