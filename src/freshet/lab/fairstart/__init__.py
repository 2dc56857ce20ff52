"""Does every good video find its audience, whoever made it?"""
