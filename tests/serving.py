"""Pages served by a process of their own, which can be ended like one that crashed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.surfaces.site import free_port

ROOT = Path(__file__).parents[1]


@contextmanager
def served(dsn: str, *what: str, **settings: str) -> Iterator[str]:
    """Serve apps or files on a database; yield the address. The process is killed at the end.

    Parameters
    ----------
    *what
        Names of apps, or files; none: the apps whose tables are there.
    **settings
        Its environment variables beside those of this process.
    """
    port = free_port("localhost", 0)
    command = [sys.executable, "-m", "dashboard", "serve", dsn, *what, "--port", str(port)]
    environment = os.environ | settings
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield f"http://localhost:{port}/"
        finally:
            process.kill()
