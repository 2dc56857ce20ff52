"""Retrieval: the next video of many viewers, found among all."""
