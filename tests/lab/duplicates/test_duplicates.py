"""`freshet lab duplicates` from the command line, on two clips."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from freshet.lab import cli_lab


def test_copies_of_clips_are_found_and_files_that_are_kept_not_made_again(tmp_path):
    folder, told = tmp_path / "clips", tmp_path / "told.json"
    arguments = ["duplicates", "--clips", 2, "--jobs", 1, "--keep", folder, "--json", told]
    said = []
    for _ in range(2):
        result = CliRunner().invoke(cli_lab.app, [str(one) for one in arguments])
        assert result.exception is None
        said.append(json.loads(told.read_text()))
        made = {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.mp4")}
        said[-1]["made"] = made
        for measured in ("upload_ms", "lookup_ms"):
            assert said[-1].pop(measured) > 0
    assert said[0] == said[1]
    assert len(said[0]["made"]) == 2 * 7
    assert (said[0]["recall"], said[0]["false_matches"], said[0]["pairs"]) == (1.0, 0, 1)
    assert {kind["found"] for kind in said[0]["kinds"].values()} == {2}
    assert 500 < said[0]["bytes"] < 8_000
