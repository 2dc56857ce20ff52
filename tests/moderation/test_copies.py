"""Of videos that are alike the one made first is the original."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from freshet.catalogue.store.catalogue import Catalogue
from freshet.copies import Copies
from freshet.domain.errors import NotFound
from freshet.media.fingerprint import Fingerprint
from freshet.media.pictures import MOTION, STILL, Pictures
from tests.catalogue.store.making import NOW_MS, opened, person, video


def known_by(seed: int) -> bytes:
    """Of a file nobody made."""
    random = np.random.default_rng(seed)
    shown = Pictures(
        random.integers(0, 255, (1, STILL, STILL), np.uint8),
        random.integers(0, 255, (8, MOTION, MOTION), np.uint8), 0.25, (0, 96, 0, 96),
    )  # fmt: skip
    return Fingerprint(bytes([seed] * 32), shown, np.zeros(0, np.uint32)).to_bytes()


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with opened(tmp_path) as made:
        made.people.save([person("vera"), person("adam")])
        ages = {"oldest": 90, "older": 60, "newest": 10, "other": 99}
        made.videos.save([video(v, "adam", create_time=NOW_MS - age) for v, age in ages.items()])
        yield made


def found(copies: Copies, name: str) -> list[tuple[str, str]]:
    return [(one.video, one.evidence["original"]) for one in copies.found(name)]


def test_the_one_made_first_is_the_original_whichever_was_sent_first(
    catalogue: Catalogue,
) -> None:
    copies = Copies(catalogue)
    catalogue.fingerprints.put("other", known_by(2))
    catalogue.fingerprints.put("older", known_by(1))
    assert found(copies, "older") == []
    catalogue.fingerprints.put("newest", known_by(1))
    assert found(copies, "newest") == [("newest", "older")]
    catalogue.fingerprints.put("oldest", known_by(1))
    assert found(copies, "oldest") == [("newest", "oldest"), ("older", "oldest")]
    assert copies.found("newest")[0].evidence["by"] == "exact"


def test_what_was_removed_or_sent_anew_is_no_original(catalogue: Catalogue) -> None:
    copies = Copies(catalogue)
    for name in ("older", "newest"):
        catalogue.fingerprints.put(name, known_by(1))
    assert found(copies, "newest") == [("newest", "older")]
    catalogue.fingerprints.put("older", known_by(3))
    assert found(copies, "newest") == []
    catalogue.fingerprints.put("oldest", known_by(1))
    assert found(copies, "newest") == [("newest", "oldest")]
    catalogue.videos.remove("oldest")
    assert found(copies, "newest") == []


def test_without_a_fingerprint_nothing_can_be_said(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="has no fingerprint"):
        Copies(catalogue).found("older")
