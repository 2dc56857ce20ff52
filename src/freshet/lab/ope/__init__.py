"""Off-policy estimates, tried where the truth is known."""
