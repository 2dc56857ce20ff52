"""About how many daily users a measured rate of feeds is enough for.

    N = feeds/s × load × 3,600 / (feeds a user asks for in a day × share of the peak hour)

The defaults, in plain words: a person who uses a short-video app spends about an hour a day in
it, as market researchers' yearly surveys of the largest one find; at some 20 seconds a video,
half of them left early, that is near 180 videos, 18 feeds of ten. Traffic of consumer video
follows the evening: its busiest hour carries some 7 to 8 % of a day where an even one would be
4.2 %. Beyond 55 % of what the closed loop carries, waiting times grow fast, and there is no
room for a restart or a bad hour.
"""

from __future__ import annotations

from math import floor, log10

LOAD = 0.55  # of what the closed loop carries
FEEDS_PER_USER = 18.0  # of ten videos, on a day
PEAK_HOUR = 0.08  # of a day's feeds


def daily_users(
    feeds_per_s: float, feeds_per_user: float = FEEDS_PER_USER, peak_hour: float = PEAK_HOUR
) -> int:
    """To two digits, rounded down.

    >>> daily_users(140.0), daily_users(140.0, feeds_per_user=5)
    (190000, 690000)
    """
    return _two_digits(feeds_per_s * LOAD * 3_600 / (feeds_per_user * peak_hour))


def sentence(users: int, feeds_per_user: float, peak_hour: float) -> str:
    return (
        f"About {users:,} daily users on this machine: {feeds_per_user:g} feeds of ten videos a "
        f"day each, {peak_hour:.0%} of them in the busiest hour, which then takes {LOAD:.0%} of "
        f"what it carries."
    )


def _two_digits(value: float) -> int:
    """
    >>> [_two_digits(value) for value in (7.6, 99, 12_999)]
    [7, 99, 12000]
    """
    if value < 100:
        return int(value)
    unit = 10 ** (floor(log10(value)) - 1)
    return int(value // unit * unit)
