"""How long the property tests search: `DASHBOARD_TEST_EXAMPLES` worlds each, few by default."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "dashboard",
    max_examples=int(os.environ.get("DASHBOARD_TEST_EXAMPLES", "8")),
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("dashboard")
