"""Clips are made in seconds, play as they should, and are not made twice."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from freshet.domain.errors import Corrupt, NotFound, Refused
from freshet.world import manifest
from freshet.world.clip import Stage, write_clip
from freshet.world.make import make_world
from freshet.world.manifest import World, read_world
from freshet.world.plan import FPS, Clip, Plan, make_plan
from freshet.world.scenes import TOPICS, palettes_of, scenes_of
from freshet.world.shot import Moment, Shot

CLIPS = 4


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Of clips shorter than real ones."""
    full = make_plan(creators=4, clips=CLIPS, seed=7)
    short = (replace(clip, frames=40 + 7 * k) for k, clip in enumerate(full.clips))
    return replace(full, clips=tuple(short))


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made") / "world"
    heard: list[tuple[int, int]] = []
    opened: list[World] = []
    world = make_world(made, plan, 2, lambda *much: heard.append(much), opened.append)
    assert heard == [(k, CLIPS) for k in range(CLIPS + 1)]
    assert [len(one.made) for one in opened] == [CLIPS]
    assert world == read_world(made)
    return made


def stage(plan: Plan, clip: Clip) -> Stage:
    return Stage(clip, next(sound for sound in plan.sounds if sound.id == clip.sound))


def grey(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), float)


@pytest.mark.parametrize(
    ("ending", "video", "audio"), [("mp4", "h264", "aac"), ("webm", "vp9", "opus")]
)
def test_a_clip_decodes_as_planned(
    plan: Plan, folder: Path, ending: str, video: str, audio: str
) -> None:
    for clip in plan.clips:
        with av.open(str(folder / f"{clip.id}.{ending}")) as file:
            pictures, sounds = file.streams.video[0], file.streams.audio[0]
            assert (pictures.codec_context.name, sounds.codec_context.name) == (video, audio)
            assert (pictures.width, pictures.height, pictures.average_rate) == (360, 640, FPS)
            frames = list(file.decode(video=0))
            assert len(frames) == clip.frames
            assert frames[0].format.name == "yuv420p"
        with av.open(str(folder / f"{clip.id}.{ending}")) as file:
            heard = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], 1)
        seconds = heard.shape[1] / 48_000
        assert seconds == pytest.approx(clip.duration_ms / 1000, abs=0.06)
        loud = 20 * np.log10(np.sqrt(np.mean(heard.astype(float) ** 2)))
        assert -22 < loud < -15
        assert np.abs(heard).max() < 1.0


def test_an_mp4_can_be_played_before_all_of_it_is_there(plan: Plan, folder: Path) -> None:
    content = (folder / f"{plan.clips[0].id}.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_files_are_small_and_their_digests_known(folder: Path) -> None:
    world = read_world(folder)
    for clip, files in world.made.items():
        assert files == manifest.measured(folder, clip)
        assert files["mp4"].bytes < 600_000
        assert files["webm"].bytes < 600_000
        assert files["jpg"].bytes < 80_000


def test_a_cover_is_a_picture_of_the_clip(plan: Plan, folder: Path) -> None:
    clip = plan.clips[0]
    cover = Image.open(folder / f"{clip.id}.jpg")
    assert cover.size == (360, 640)
    assert np.abs(grey(cover) - grey(stage(plan, clip).cover())).mean() < 3


def test_the_same_clip_has_the_same_bytes_every_time(
    plan: Plan, folder: Path, tmp_path: Path
) -> None:
    clip = min(plan.clips, key=lambda clip: clip.frames)
    write_clip(clip, next(s for s in plan.sounds if s.id == clip.sound), tmp_path)
    assert manifest.measured(tmp_path, clip.id) == read_world(folder).made[clip.id]


def test_clips_of_different_topics_look_different(plan: Plan) -> None:
    covers = [grey(stage(plan, clip).cover()) for clip in plan.clips]
    for k, one in enumerate(covers):
        assert all(np.abs(one - other).mean() > 8 for other in covers[:k])


@pytest.mark.parametrize("topic", TOPICS)
def test_every_scene_moves_in_every_palette_and_ends_where_it_begins(topic: str) -> None:
    for k, scene in enumerate(scenes_of(topic)):
        for palette in palettes_of(topic)[k % 2 :: 2]:
            shot = Shot(np.random.default_rng(k), palette, flip=bool(k % 2))
            paint = scene(shot)

            def at(part: float, shot: Shot = shot, paint: object = paint) -> np.ndarray:
                canvas = shot.fresh()
                paint(canvas, Moment(part, 6.0, 0.5))  # type: ignore[operator]
                return grey(canvas.picture.reduce(4))

            assert np.abs(at(0.0) - at(0.37)).mean() > 0.1
            assert at(0.2).std() > 8


def test_what_is_there_is_not_made_again_and_what_is_missing_is(plan: Plan, folder: Path) -> None:
    kept, gone = (folder / f"{clip.id}.mp4" for clip in plan.clips[:2])
    before = kept.stat().st_mtime_ns
    gone.unlink()
    told: list[int] = []
    make_world(folder, plan, 1, lambda done, total: told.append(done))
    assert told == [CLIPS - 1, CLIPS]
    assert kept.stat().st_mtime_ns == before
    assert gone.exists()


def test_another_plan_makes_the_world_anew(plan: Plan, tmp_path: Path) -> None:
    other = make_plan(creators=4, clips=CLIPS, seed=8)
    manifest.save(tmp_path, World(plan, {"clip0000": {}}))
    (tmp_path / "clip0000.mp4").touch()
    assert manifest.begin(tmp_path, other) == World(other)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_left_alone(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    with pytest.raises(Refused, match="something else"):
        make_world(tmp_path, plan)
    with pytest.raises(NotFound):
        read_world(tmp_path)
    (tmp_path / manifest.FILE).write_text("{")
    with pytest.raises(Corrupt, match="delete it"):
        read_world(tmp_path)
