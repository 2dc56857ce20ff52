import numpy as np
import pytest

from freshet.domain.errors import Refused
from freshet.lab.recording import Recording


def test_a_saved_recording_comes_back_as_it_was(made_up, tmp_path):
    recording = made_up(50)
    recording.save(tmp_path / "replay.npz")
    again = Recording.load(tmp_path / "replay.npz")
    assert again.outcomes == ("long_view", "like")
    assert again.feature_names == recording.feature_names
    for name in ("viewer", "time_ms", "features", "predictions", "labels", "features_frozen"):
        assert getattr(again, name).tobytes() == getattr(recording, name).tobytes()
        assert getattr(again, name).dtype == getattr(recording, name).dtype


def test_a_file_that_is_no_recording_is_refused_by_name(tmp_path):
    (tmp_path / "notes.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", viewer=np.arange(3))
    for name in ("notes.npz", "other.npz", "missing.npz"):
        with pytest.raises(Refused, match=name):
            Recording.load(tmp_path / name)


def test_columns_of_unequal_length_are_refused(made_up):
    with pytest.raises(Refused, match="labels"):
        made_up(50, labels=np.zeros((49, 2), np.uint8))


def test_a_prediction_that_is_not_finite_is_refused(made_up):
    with pytest.raises(Refused, match="watch_mean_s"):
        made_up(50, watch_mean_s=np.full(50, np.nan, np.float32))


def test_the_report_window_is_cut_by_the_logs_own_dates(made_up):
    recording = made_up(300)
    assert set(recording.date[recording.window(20220426)]) == {20220426, 20220427}
    assert set(recording.date[recording.window(20220426, 20220426)]) == {20220426}
    assert recording.window().all()
    with pytest.raises(Refused, match="20220425 to 20220427"):
        recording.window(20230101)


def test_an_outcome_that_was_not_recorded_is_refused_with_those_that_were(made_up):
    with pytest.raises(Refused, match="long_view, like"):
        made_up(10).outcome("share")
