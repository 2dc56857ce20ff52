"""Layer 2: people, videos, sounds, hashtags: rows and columns."""
