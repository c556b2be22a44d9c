"""A live dashboard of any table, without configuration."""

from .examine import Watched, examine

__all__ = ["Watched", "examine"]
