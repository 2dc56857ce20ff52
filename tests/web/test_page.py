"""What the page is built of: small, whole, and nothing of elsewhere in it."""

from __future__ import annotations

import gzip
import re

from freshet.demo.page import BUILT

JS_BYTES_MAX = 150_000  # gzipped, for the first screen
ELSEWHERE = re.compile(r"""(?:src|href)=["'](?!/)""")


def test_the_first_screen_is_small() -> None:
    scripts = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page())
    assert scripts
    sent = sum(len(gzip.compress((BUILT / name).read_bytes(), 6)) for name in scripts)
    assert sent < JS_BYTES_MAX


def test_all_that_the_page_names_is_there_and_ours() -> None:
    named = re.findall(r'(?:src|href)="/([^"]+)"', page())
    assert named
    assert not ELSEWHERE.search(page())
    for name in named:
        assert (BUILT / name).is_file() or name == "favicon.ico", name


def page() -> str:
    return (BUILT / "index.html").read_text()
