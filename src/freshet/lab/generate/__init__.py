"""Worlds of our own making, from a seed: for tests and for measuring.

    world      videos with topics, viewers with tastes, and how one meets the other
    week       a week of a small app as events, with words in four languages
    columns    millions of impressions as arrays in seconds, for throughput
    mixed      every kind of event in any number, for folds that must agree

The same seed gives the same bytes.
"""
