"""The test events in `[verify.webhook]`.

probe    the deliveries and their checks · signing: the providers' signatures · row: the table row of an event
"""
