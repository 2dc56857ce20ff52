"""Uploads held against all that are known: who is a copy of whom.

The fingerprints lie in the catalogue; here they are held in memory, in the process that
decides. Of videos that are alike the one that was made first is the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from freshet.catalogue.store.catalogue import Catalogue
from freshet.media.installed import must_be_installed
from freshet.moderation.rules import Found

if TYPE_CHECKING:  # it brings decoders along, which not every installation has
    from freshet.media.duplicates import Duplicates, Match

READ_AT_ONCE = 1_000


class Copies:
    """Not for two threads at once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: Duplicates | None = None
        self._read_to = 0

    def found(self, video: str) -> list[Found]:
        """What is to be decided of a video whose fingerprint was stored, and of others for it.

        Raises:
            NotFound: no fingerprint of it was stored.
            Unavailable: fingerprints cannot be compared here.
        """
        must_be_installed()
        from freshet.media.fingerprint import Fingerprint

        known_by = Fingerprint.from_bytes(self._catalogue.fingerprints.get(video))
        known = self._brought_up()
        matches = {m.video: m for m in known.find(known_by) if m.video != video}
        made = self._catalogue.fingerprints.made([video, *matches])
        for gone in matches.keys() - made.keys():
            known.remove(gone)
            del matches[gone]
        if not matches or video not in made:
            return []
        first = min(made, key=lambda one: (made[one], one))
        if first != video:
            return [_copy(video, first, matches[first], True)]
        return [_copy(other, video, match, False) for other, match in sorted(matches.items())]

    def _brought_up(self) -> Duplicates:
        from freshet.media.duplicates import Duplicates
        from freshet.media.fingerprint import Fingerprint

        if self._known is None:
            self._known = Duplicates()
        while stored := self._catalogue.fingerprints.after(self._read_to, READ_AT_ONCE):
            for one in stored:
                if one.video in self._known:
                    self._known.remove(one.video)
                self._known.add(one.video, Fingerprint.from_bytes(one.packed))
            self._read_to = stored[-1].row
        return self._known


def _copy(video: str, original: str, match: Match, new: bool) -> Found:
    evidence = {"original": original, "by": match.evidence, "score": f"{match.score:g}"}
    if new and match.changes:  # what was done is guessed of the one that came last
        evidence["changes"] = ", ".join(match.changes)
    told = f"a copy of {original}"
    return Found("duplicates", "duplicate", told[:200], video, about=original, evidence=evidence)
