"""A small world to swipe through: its clips, its people, and life among them."""
