"""What requests look up of many videos at once, in one pass over their facts.

Nothing is folded or learned here, so a change of it compiles nothing else anew.
"""

from __future__ import annotations

from numba import njit

from freshet.catalogue.facts import BARRED, FLAGS, FROM_S, NEEDED, UNTIL_S


@njit(cache=True)
def eligible(facts, rows, now_s, out):  # type: ignore[no-untyped-def]
    """out (n,): published, public, barred by no label, and within its window at `now_s`."""
    for i in range(rows.shape[0]):
        row = rows[i]
        good = facts[row, FLAGS] & (NEEDED | BARRED) == NEEDED and facts[row, FROM_S] <= now_s
        out[i] = good and (facts[row, UNTIL_S] == 0 or facts[row, UNTIL_S] > now_s)
