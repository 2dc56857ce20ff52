"""A world of which everything is known: what each viewer would watch of each video."""
