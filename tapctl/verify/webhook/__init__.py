"""The test events in `[verify.webhook]`.

probe             the deliveries, their responses, and the rows that they leave · signing: the providers' signatures
"""
