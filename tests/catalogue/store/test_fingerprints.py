"""Fingerprints lie beside their videos, and go with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from freshet.domain.errors import NotFound
from tests.catalogue.store.making import NOW_MS, opened, person, video


def test_the_last_one_of_a_video_counts_and_is_new_to_readers(tmp_path: Path) -> None:
    with opened(tmp_path) as catalogue:
        catalogue.people.save([person("vera")])
        catalogue.videos.save([video("v1"), video("v2")])
        kept = catalogue.fingerprints
        kept.put("v1", b"one")
        kept.put("v2", b"two")
        seen = kept.after(0, 10)
        assert [(one.video, one.packed) for one in seen] == [("v1", b"one"), ("v2", b"two")]
        kept.put("v1", b"three")
        [new] = kept.after(seen[-1].row, 10)
        assert (new.video, kept.get("v1")) == ("v1", b"three")


def test_it_goes_with_its_video_and_with_its_person(tmp_path: Path) -> None:
    with opened(tmp_path) as catalogue:
        catalogue.people.save([person("vera"), person("adam")])
        catalogue.videos.save([video("v1"), video("v2"), video("a1", "adam")])
        for one in ("v1", "v2", "a1"):
            catalogue.fingerprints.put(one, b"known")
        catalogue.videos.remove("v1")
        assert catalogue.fingerprints.made(["v1", "v2"]) == {"v2": NOW_MS}
        catalogue.people.remove("vera")
        assert [one.video for one in catalogue.fingerprints.after(0, 10)] == ["a1"]


def test_of_a_video_that_is_not_there_none_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as catalogue:
        with pytest.raises(NotFound, match="there is no video 'gone'"):
            catalogue.fingerprints.put("gone", b"known")
        with pytest.raises(NotFound, match="has no fingerprint"):
            catalogue.fingerprints.get("gone")
