"""How few swipes it takes to know a new viewer, in a world whose tastes are known."""
