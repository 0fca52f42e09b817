"""The judgement, pure: demand and account in, verdict, findings and remedy out.

demand      what the template asks, function by function
transition  that, against what the stack holds already: final and peak
floor       how much must stay unreserved, as far as anybody knows
concurrency the verdict on the two
assess      every other limit of the catalogue
remedy      the least change that makes it fit
"""
