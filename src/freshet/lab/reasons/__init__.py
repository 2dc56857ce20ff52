"""Is every reason true, and does what it names bear on the score?"""
