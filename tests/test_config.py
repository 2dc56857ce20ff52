"""Settings come from defaults, one file and the environment, and nothing is misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from freshet import config
from freshet.domain.errors import NotFound, Refused
from freshet.feed.settings import WEIGHTS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "freshet.toml"


def refusal(file: Path | None = None, environment: dict[str, str] | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        config.load(file, environment or {})
    return caught.value


def test_without_file_and_environment_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(environment={}) == config.Settings()


def test_the_file_goes_over_the_defaults_and_the_environment_over_the_file(file: Path) -> None:
    file.write_text('data = "here"\n[feed.for_you]\nwait_ms = 5\nreasons = 2\n')
    found = config.load(file, {"FRESHET_FEED_FOR_YOU_WAIT_MS": "7", "PATH": "/bin"})
    feed = found.feed.for_you
    assert (found.folder, feed.reasons, feed.wait_ms) == (Path("here"), 2, 7)


def test_the_environment_can_name_the_file(file: Path) -> None:
    file.write_text("learner.seed = 3")
    assert config.load(environment={"FRESHET_CONFIG": str(file)}).learner.seed == 3


def test_one_weight_can_be_changed_without_repeating_the_others(file: Path) -> None:
    file.write_text("feed.for_you.weights.like = 9")
    weights = config.load(file, {}).feed.for_you.weights
    assert weights == WEIGHTS | {"like": 9.0}


def test_text_in_the_environment_needs_no_quotes() -> None:
    assert config.load(environment={"FRESHET_HTTP_HOST": "0.0.0.0"}).http.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("wait_ms = 3", "wait_ms"),
        ("feed.for_you.wait = 3", "feed.for_you.wait"),
        ("[fed.for_you]\nwait_ms = 3", "fed"),
        ("feed = 3", "feed"),
        ("feed.for_you.wait_ms = '3'", "feed.for_you.wait_ms"),
        ("feed.for_you.wait_ms = -1", "feed.for_you.wait_ms"),
        ("http.port = 99999", "http.port"),
        ("feed.for_you.weights = 3", "feed.for_you.weights"),
        ("feed.for_yuo.wait_ms = 3", "feed.for_yuo"),
        ("feed.for_you.weights.like = nan", "feed.for_you.weights.like"),
    ],
)
def test_a_wrong_line_of_the_file_is_refused_by_name(file: Path, text: str, field: str) -> None:
    file.write_text(text)
    assert refusal(file).field == field


def test_a_wrong_value_says_where_it_came_from(file: Path) -> None:
    file.write_text("http.port = 99999")
    assert str(file) in refusal(file).right
    assert "FRESHET_HTTP_PORT" in refusal(environment={"FRESHET_HTTP_PORT": "99999"}).right


def test_a_misspelt_variable_is_refused_and_the_right_one_named() -> None:
    caught = refusal(environment={"FRESHET_HTTP_PROT": "8000"})
    assert (caught.field, "FRESHET_HTTP_PORT" in caught.right) == ("FRESHET_HTTP_PROT", True)


def test_an_unreadable_variable_is_refused() -> None:
    assert refusal(environment={"FRESHET_HTTP_PORT": "many"}).field == "FRESHET_HTTP_PORT"


def test_a_missing_file_and_one_that_is_not_toml_are_refused(file: Path) -> None:
    assert isinstance(refusal(file), NotFound)
    file.write_bytes(b"\xff\xfe")
    assert "cannot be read" in refusal(file).reason


def test_no_two_settings_share_a_variable() -> None:
    variables = [setting.variable for setting in config.settings()]
    assert len(variables) == len(set(variables))
