"""The systems ours is shown beside, on exactly our feature vectors plus ids."""

from __future__ import annotations

from collections.abc import Sequence

from freshet.domain.errors import Refused
from freshet.lab.lightgbm_nightly import lightgbm_nightly
from freshet.lab.recording import Bools, Recording
from freshet.lab.scores import Note, Peer, PeerForecast
from freshet.lab.vowpal import vowpal_one_pass

PEERS: dict[str, Peer] = {"lightgbm": lightgbm_nightly, "vw": vowpal_one_pass}


def run_peers(
    names: Sequence[str],
    recording: Recording,
    window: Bools,
    seed: int,
    note: Note = lambda _: None,
) -> dict[str, PeerForecast]:
    """Forecasts of the named peers.

    Raises:
        Refused: no such peer, or its library is not installed.
    """
    for name in names:
        if name not in PEERS:
            raise Refused("peers", f"no peer is named {name!r}", ", ".join(PEERS))
    return {name: PEERS[name](recording, window, seed, note) for name in names}
