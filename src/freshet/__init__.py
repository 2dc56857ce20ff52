"""Freshet: an open, self-hosted brain for short-video platforms."""

__version__ = "0.1.0"
