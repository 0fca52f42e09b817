"""How much the property tests try: bounded in the suite, longer by WEBHOOK_FUZZ_EXAMPLES."""

import os

from hypothesis import HealthCheck, settings

bounded = settings(
    max_examples=int(os.environ.get("WEBHOOK_FUZZ_EXAMPLES", "300")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
