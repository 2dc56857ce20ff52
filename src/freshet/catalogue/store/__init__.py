"""The catalogue's tables: the mutable truth about people, videos, sounds and hashtags."""
