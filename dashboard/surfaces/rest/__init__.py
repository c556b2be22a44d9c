"""Rows for programs: ``/api/<table>`` and ``/api/<table>/<key>``, each as the caller may see and change them.

A table is there if an app exposes it and the caller has a scope on that app's page; every statement runs in that scope,
so PostgreSQL decides as it does for the page. What is written goes the way of every write, and is in all open pages in
the tick that contains it.
"""

from .routes import Rest

__all__ = ["Rest"]
