"""Viewers and creators who live through the engine that serves."""
