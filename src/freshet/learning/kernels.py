"""The fold of acts: the compiled loop that all state comes from. Ranking is in `ranking.py`.

    impression ─▶ vector ─▶ predict ─▶ wait ─┐
    watch, like, undo, ... ─▶ tallies at once │
    left, next, 30 minutes ─▶ close ◀─────────┘ ─▶ learn, then note the surprise

Serving, folding and replay run this code and no other, so training sees what serving saw.

Features are called by address (`Calls`), so any set of them folds with this one loop.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from freshet.catalogue.facts import (
    DURATION_MS,
    EPOCH_S,
)
from freshet.domain.outcomes import END_SLACK, INDEX, LONG_VIEW_MS, OUTCOMES, VIEW_TIMEOUT_MS
from freshet.features.layout import Act, Ask
from freshet.features.links import LINKS
from freshet.features.notes import NOTES
from freshet.features.ring import (
    CLOSED,
    COUNTED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
    H_S,
    H_VIDEO,
    H_WATCHED,
    HISTORY,
    PLACE_SHIFT,
    UNTIMED,
)
from freshet.features.tally import FRACTION, LOG_WATCH, TALLY, VIEWS, world_rate
from freshet.learning.calibration import tune
from freshet.learning.guard import LANED, decide, repair, score, whole
from freshet.learning.learner import (
    HEADS,
    THRESHOLDS_S,
    WIDTH,
    chances,
    forward,
    learn,
    meet,
    meet_watch,
    standardise,
    watch_times,
)
from freshet.learning.pending import FREE, OPEN, SERVED, find, put
from freshet.learning.sessions import serve, slate_begins
from freshet.learning.shadow import has_shadow, learn_beside, meet_beside
from freshet.state.block import begin, end, out_of_line
from freshet.state.compiled import call_at, kernel
from freshet.state.slots import FIRST, WASTE
from freshet.state.ties import (
    LESS_PERSON,
    LESS_TOPIC,
    OTHER,
    SEEN,
    VIDEO,
    drop_kinds,
    get_tie,
    set_tie,
    show,
)

# Addresses of the composed features' kernels, and of the one that moves item vectors.
Calls = namedtuple("Calls", "tallies moments known viewer videos attract")

# kinds of records
(TICK, IMPRESSION, WATCH, GAIN, LOSE, SLATE, SERVE, TIE, UNTIE, MARK, RESET, KNOWN) = range(12)
# bits of a watch record's `bits`
COMPLETED, LEFT, LOOPED = 1, 2, 4

# The hot form of an event: eight int64, one cache line.
RECORD = np.dtype(
    [(name, np.int64)
     for name in ("kind", "viewer", "video", "placement", "now", "value", "extra", "bits")]
)  # fmt: skip

B_2S, B_6S, B_FINISH, B_LONG, B_REWATCH = (
    1 << INDEX[name] for name in ("watched_2s", "watched_6s", "finish", "long_view", "rewatch")
)
N_OUTCOMES = len(OUTCOMES)
UNDOABLE = sum(
    1 << INDEX[name] for name in ("like", "comment", "favorite", "follow", "not_interested", "hide")
)
STANDS_SHIFT = 8  # in a viewer's tie to a video the outcomes that stand are above the tie's bits
N_THRESHOLDS = len(THRESHOLDS_S)
P_LONG, P_2S = INDEX["long_view"], INDEX["watched_2s"]
# What the kernels write in while they work, allocated once.
Scratch = namedtuple(
    "Scratch",
    "x z pre logits p target work delta surprise times notes z2 pre2 logits2 lost "
    "row one anonymous links calls",
)


def new_scratch(inputs: int, calls: Any) -> Any:
    """Scratch for vectors of `inputs` values, and the addresses the kernels call."""
    widths = (
        inputs, inputs, WIDTH, HEADS, HEADS, HEADS, (3, max(WIDTH, HEADS)), TALLY, 3, 4, NOTES,
        inputs, WIDTH, HEADS, (2, LANED),
    )  # fmt: skip
    arrays: list[Any] = [np.zeros(width, np.float32) for width in widths]
    arrays += [np.zeros((1, inputs), np.float32), np.zeros(1, np.int32), np.zeros(1, np.bool_)]
    arrays.append(np.zeros(LINKS, np.int32))
    return Scratch._make([*arrays, calls])


def counts_for_videos(kinds: Any) -> Any:
    """Of RECORD kinds (n,), which change a video's rows; others name in `video` what they are
    about, whatever it is."""
    return ((kinds >= IMPRESSION) & (kinds <= LOSE)) | (kinds == KNOWN)


def samples(state: Any, scratch: Any) -> dict[str, tuple[Any, ...]]:
    """Arguments of the types with which the kernels in `Calls` are called, by name."""
    zero = np.int64(0)
    act = Act(zero, zero, zero, zero, scratch.delta, False, False, scratch.surprise)
    ask = Ask(zero, zero, zero, zero, scratch.notes, scratch.links)
    return {
        "tallies": (state, act), "moments": (state, act), "known": (state, act),
        "viewer": (state, ask, scratch.x), "videos": (state, ask, scratch.one, scratch.row),
        "attract": (state, zero, zero),
    }  # fmt: skip


@kernel
def copy_to(values, place):
    """Copy `values` (n,) to `place` (n,)."""
    for j in range(place.shape[0]):
        place[j] = values[j]


@kernel
def begin_video(state, video):
    """A video's rows are about to change; those of one that has none are blank again: what is
    noted must not depend on what was noted there of another."""
    begin(state.video_sequence, video)
    if state.video_slots[video] < FIRST:
        state.video[WASTE, :] = np.float32(0.0)


@kernel
def tell(state, scratch, viewer, video, now, placement):
    """Add `scratch.delta` to every tally this viewer and this video bear on."""
    begin_video(state, video)
    act = Act(np.int64(viewer), np.int64(video), np.int64(now), np.int64(placement), scratch.delta,
              False, False, scratch.surprise)  # fmt: skip
    call_at(scratch.calls.tallies, (state, act))
    end(state.video_sequence, video)


@kernel
def note(state, scratch, viewer, video, now, placement, opened):
    """A view opened, or closed with a surprise."""
    begin_video(state, video)
    act = Act(np.int64(viewer), np.int64(video), np.int64(now), np.int64(placement), scratch.delta,
              opened, not opened, scratch.surprise)  # fmt: skip
    call_at(scratch.calls.moments, (state, act))
    end(state.video_sequence, video)


@kernel
def duration_of(state, video, told_ms):
    known = state.video_facts[video, DURATION_MS]
    return known if known > 0 else max(told_ms, 0)


@kernel
def reached(watched_ms, duration_ms, flags):
    """Outcome bits that a watch of this length has come to."""
    bits = 0
    ended = duration_ms > 0 and watched_ms >= END_SLACK * duration_ms
    ended = ended or flags & COMPLETED != 0
    if watched_ms >= 2000:
        bits |= B_2S
    if watched_ms >= 6000 or (ended and watched_ms > 0):
        bits |= B_6S
    if ended:
        bits |= B_FINISH
    if watched_ms >= LONG_VIEW_MS or (ended and duration_ms <= LONG_VIEW_MS):
        bits |= B_LONG
    if (duration_ms > 0 and watched_ms >= 1.5 * duration_ms) or flags & LOOPED:
        bits |= B_REWATCH
    return bits


@kernel
def clipped_s(watched_ms, duration_ms):
    """Seconds watched, at most 3 x the duration."""
    if duration_ms > 0:
        watched_ms = min(watched_ms, 3 * duration_ms)
    return watched_ms / 1000.0


@kernel
def add_watch(delta, watched_ms, duration_ms, sign):
    """Add (or take back) what a watch of this length brings to a tally's two measures."""
    delta[LOG_WATCH] += sign * np.log(1.0 + clipped_s(watched_ms, duration_ms))
    if duration_ms > 0:
        delta[FRACTION] += sign * min(watched_ms / duration_ms, 2.0) / 2.0
    else:
        delta[FRACTION] += sign * min(watched_ms / 60_000.0, 1.0)


@kernel
def gain(state, scratch, viewer, ring, now, gained):
    """A view came to new outcomes: count it if it is not counted yet, set its bits, tell.

    `scratch.delta` holds what else the act adds."""
    out_of_line()
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    bits = ints[H_BITS + ring]
    if bits & COUNTED == 0:
        scratch.delta[VIEWS] += 1.0
        gained |= COUNTED
    for o in range(N_OUTCOMES):
        if gained & (1 << o):
            scratch.delta[1 + o] += 1.0
    ints[H_BITS + ring] = bits | gained
    tell(state, scratch, viewer, ints[H_VIDEO + ring], now, bits >> PLACE_SHIFT)


@kernel
def close_view(state, model, pending, slot, now, scratch):
    """The view of an open slot is over: count, learn, note the surprise, move the video's
    vector, free the slot."""
    out_of_line()
    pending.status[slot] = FREE
    viewer, ring = pending.viewer[slot], pending.ring[slot]
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    same = ints[H_VIDEO + ring] == pending.video[slot] and (
        ints[H_S + ring] == pending.opened_ms[slot] // 1000 - EPOCH_S
    )
    if not same or ints[H_BITS + ring] & CLOSED or ints[H_COUNT] == 0:
        return  # reset or overwritten meanwhile
    if ints[H_BITS + ring] & COUNTED == 0:
        scratch.delta[:] = 0.0
        gain(state, scratch, viewer, ring, now, 0)
    ints[H_BITS + ring] |= CLOSED
    bits, watched = ints[H_BITS + ring], ints[H_WATCHED + ring]
    video = pending.video[slot]
    watched_s = clipped_s(watched, state.video_facts[video, DURATION_MS])
    params, x = model.params, pending.x[slot]
    standardise(params, x, scratch.z)
    forward(params, scratch.z, scratch.pre, scratch.logits)
    if not whole(scratch.pre, scratch.logits):
        repair(model, now)
        standardise(params, x, scratch.z)
        forward(params, scratch.z, scratch.pre, scratch.logits)
    for o in range(N_OUTCOMES):
        scratch.target[o] = 1.0 if bits & (1 << o) else 0.0
    for t in range(N_THRESHOLDS):
        scratch.target[N_OUTCOMES + t] = 1.0 if watched_s > THRESHOLDS_S[t] else 0.0
    score(model, x, scratch)
    meet_watch(params, watched_s)
    tune(params.odds, params.tuning, scratch.logits, scratch.target, params.seen[1])
    learn(params, scratch.z, scratch.pre, scratch.logits, scratch.target, scratch.work)
    if has_shadow(model):
        learn_beside(model, x, watched_s, scratch)
    decide(model, now)
    expected = pending.expected[slot]
    scratch.surprise[0] = (1.0 if bits & B_LONG else 0.0) - expected[0]
    scratch.surprise[1] = np.log(1.0 + watched_s) - expected[1]
    scratch.surprise[2] = (1.0 if bits & B_2S else 0.0) - expected[2]
    note(state, scratch, viewer, video, now, bits >> PLACE_SHIFT, False)
    call_at(scratch.calls.attract, (state, np.int64(viewer), np.int64(ring)))


@kernel
def make_room(state, model, pending, now, scratch):
    """Drop what waits no more from the tail: timed out, or the oldest if the ring is full."""
    out_of_line()
    size = pending.status.shape[0]
    while pending.ends[0] < pending.ends[1]:
        slot = pending.ends[0] & (size - 1)
        full = pending.ends[1] - pending.ends[0] >= size
        if (
            pending.status[slot] != FREE
            and now - pending.opened_ms[slot] < VIEW_TIMEOUT_MS
            and not full
        ):
            return
        if pending.status[slot] == OPEN:
            begin(state.viewer_sequence, pending.viewer[slot])
            close_view(state, model, pending, slot, now, scratch)
            end(state.viewer_sequence, pending.viewer[slot])
        pending.status[slot] = FREE
        pending.ends[0] += 1


@kernel
def close_past(state, model, pending, viewer, now, scratch):
    """The next impression closes this viewer's views that have been watched at all.

    One with no progress yet stays open: its report may still be on its way.
    """
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    for ring in range(min(ints[H_COUNT], HISTORY)):
        if ints[H_BITS + ring] & CLOSED == 0 and ints[H_WATCHED + ring] > 0:
            slot = find(pending, viewer, ints[H_VIDEO + ring], OPEN, ring)
            if slot >= 0:
                close_view(state, model, pending, slot, now, scratch)
            else:
                ints[H_BITS + ring] |= CLOSED


@kernel
def close_oldest(state, model, pending, viewer, ring, now, scratch):
    """The view whose place in the history is needed ends now, if it has not."""
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    if ints[H_COUNT] >= HISTORY and ints[H_BITS + ring] & CLOSED == 0:
        slot = find(pending, viewer, ints[H_VIDEO + ring], OPEN, ring)
        if slot >= 0:
            close_view(state, model, pending, slot, now, scratch)


@kernel
def open_view(state, seen_as, model, pending, viewer, video, now, placement, scratch):
    """The video came on the viewer's screen.

    Its vector is the one served, else made now from `seen_as`, which is `state` itself but
    where a laboratory holds a part of the state still.

    Returns:
        The view's place in the viewer's history. Its vector and predictions are in scratch.
    """
    out_of_line()
    close_past(state, model, pending, viewer, now, scratch)
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    ring = ints[H_COUNT] % HISTORY
    close_oldest(state, model, pending, viewer, ring, now, scratch)
    served = find(pending, viewer, video, SERVED, -1)
    if served >= 0:  # learn on what was ranked on
        copy_to(pending.x[served], scratch.x)
        pending.status[served] = FREE
    else:
        who = np.int64(-1) if scratch.anonymous[0] else np.int64(viewer)
        notes, links = scratch.notes, scratch.links
        ask = Ask(who, np.int64(video), np.int64(now), np.int64(placement), notes, links)
        call_at(scratch.calls.viewer, (seen_as, ask, scratch.x))
        scratch.one[0] = video
        copy_to(scratch.x, scratch.row[0])
        call_at(scratch.calls.videos, (seen_as, ask, scratch.one, scratch.row))
        copy_to(scratch.row[0], scratch.x)
    slot = put(pending, viewer, video, OPEN, ring, now)
    copy_to(scratch.x, pending.x[slot])
    params = model.params
    meet(params, scratch.x)
    if has_shadow(model):
        meet_beside(model, scratch.x)
    standardise(params, scratch.x, scratch.z)
    forward(params, scratch.z, scratch.pre, scratch.logits)
    chances(params, scratch.logits, scratch.p)
    watch_times(params, scratch.p, scratch.times)
    expected = pending.expected[slot]
    expected[0], expected[1], expected[2] = scratch.p[P_LONG], scratch.times[3], scratch.p[P_2S]

    ints[H_COUNT] += 1
    ints[H_VIDEO + ring], ints[H_S + ring] = video, now // 1000 - EPOCH_S
    ints[H_BITS + ring], ints[H_WATCHED + ring] = placement << PLACE_SHIFT, 0
    state.viewer[state.viewer_slots[viewer], H_EXPECTED + ring] = expected[0]
    note(state, scratch, viewer, video, now, placement, True)
    return ring


@kernel
def find_view(state, viewer, video):
    """Place of the viewer's newest view of this video in their history, -1 if there is none.

    One from before the log is none: no tally holds it, so nothing can be added or taken back.
    """
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    for back in range(min(ints[H_COUNT], HISTORY)):
        ring = (ints[H_COUNT] - 1 - back) % HISTORY
        if ints[H_VIDEO + ring] == video and ints[H_BITS + ring] & UNTIMED == 0:
            return ring
    return -1


@kernel
def watch(state, model, pending, ring, record, scratch):
    """A report of progress: the maximum of a view counts."""
    viewer, video = record.viewer, record.video
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    duration = duration_of(state, video, record.extra)
    before, after = ints[H_WATCHED + ring], max(ints[H_WATCHED + ring], record.value)
    new = reached(after, duration, record.bits) & ~ints[H_BITS + ring]
    if after > before or new or ints[H_BITS + ring] & COUNTED == 0:
        scratch.delta[:] = 0.0
        add_watch(scratch.delta, before, duration, -1.0)
        add_watch(scratch.delta, after, duration, 1.0)
        ints[H_WATCHED + ring] = after
        gain(state, scratch, viewer, ring, record.now, new)
    if record.bits & LEFT and ints[H_BITS + ring] & CLOSED == 0:
        slot = find(pending, viewer, video, OPEN, ring)
        if slot >= 0:
            close_view(state, model, pending, slot, record.now, scratch)


@kernel
def react(state, ring, record, scratch):
    """An outcome was gained, or lost by undoing it.

    It counts at most once a view. One that can be undone counts at most once in all while it
    stands, in whichever view it was given; that it stands is kept beside the ties, for its
    view may have left the history when it is undone.

    Returns:
        False if the table of ties is full.
    """
    out_of_line()
    bit, viewer, video = 1 << record.value, record.viewer, record.video
    heads, words, used = state.tie_heads, state.tie_words, state.tie_used
    ties = get_tie(heads, words, viewer, VIDEO, video)
    mark = np.int32(bit << STANDS_SHIFT)
    stands = ties & mark != 0
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    placement = record.placement if ring < 0 else ints[H_BITS + ring] >> PLACE_SHIFT
    scratch.delta[:] = 0.0
    if record.kind == LOSE:
        if ring >= 0:
            ints[H_BITS + ring] &= ~bit
        if stands:
            scratch.delta[1 + record.value] = -1.0
            tell(state, scratch, viewer, video, record.now, placement)
            return set_tie(heads, words, used, viewer, VIDEO, video, ties & ~mark)
        return True
    if ring >= 0:
        if ints[H_BITS + ring] & bit == 0:
            if stands:
                scratch.delta[1 + record.value] = -1.0  # `gain` adds it: counted already
            gain(state, scratch, viewer, ring, record.now, bit)
    elif not stands:
        scratch.delta[1 + record.value] = 1.0
        tell(state, scratch, viewer, video, record.now, placement)
    if not stands and (ring < 0 or bit & UNDOABLE):
        return set_tie(heads, words, used, viewer, VIDEO, video, ties | mark)
    return True


@kernel
def remember(state, model, pending, record, scratch):
    """A view from before the log: into the history, without a time."""
    ints = state.viewer_ints[state.viewer_slots[record.viewer]]
    ring = ints[H_COUNT] % HISTORY
    close_oldest(state, model, pending, record.viewer, ring, record.now, scratch)
    ints[H_COUNT] += 1
    ints[H_VIDEO + ring], ints[H_S + ring] = record.video, record.now // 1000 - EPOCH_S
    ints[H_BITS + ring] = record.bits | COUNTED | CLOSED | UNTIMED
    ints[H_WATCHED + ring] = 0
    expected = world_rate(state, 1 + P_LONG)
    state.viewer[state.viewer_slots[record.viewer], H_EXPECTED + ring] = expected
    call_at(scratch.calls.attract, (state, record.viewer, np.int64(ring)))
    scratch.delta[:] = 0.0
    scratch.delta[VIEWS] = 1.0
    for o in range(N_OUTCOMES):
        if record.bits & (1 << o):
            scratch.delta[1 + o] = 1.0
    viewer, video = np.int64(record.viewer), np.int64(record.video)
    act = Act(viewer, video, np.int64(record.now), np.int64(record.placement), scratch.delta,
              False, False, scratch.surprise)  # fmt: skip
    begin_video(state, video)
    call_at(scratch.calls.known, (state, act))
    end(state.video_sequence, video)


@kernel
def fold(state, seen_as, model, pending, records, vectors, scratch, out_x, out_p, out_times):
    """Fold `records` in order.

    Args:
        seen_as: the state vectors are made from; `state` itself but in laboratories.
        records: RECORD (n,), `now` never decreasing.
        vectors: float32 (m, F), those of SERVE records, which name theirs by `value`.
        out_x, out_p, out_times: if they have rows, the i-th impression's vector (F,),
            predictions (O,) and watch times (4,) as they were when it came on screen.

    Returns:
        Impressions folded; negative (-1 - i) if the table of ties was full at record i.
    """
    impressions = 0
    for i in range(records.shape[0]):
        record = records[i]
        make_room(state, model, pending, record.now, scratch)
        kind, viewer, video = record.kind, record.viewer, record.video
        if kind == TICK:
            continue
        if kind == TIE or kind == UNTIE or kind == MARK:  # noqa: SIM109 - kernels have no `in`
            # `video` holds the other row, `value` the bit or the mark, `extra` the kind of tie
            begin(state.viewer_sequence, viewer)
            heads, words = state.tie_heads, state.tie_words
            tie = np.int64(get_tie(heads, words, viewer, record.extra, video))
            if kind == MARK:
                tie = record.value
            else:
                tie = tie | record.value if kind == TIE else tie & ~record.value
            fits = set_tie(heads, words, state.tie_used, viewer, record.extra, video, tie)
            end(state.viewer_sequence, viewer)
            if not fits:
                return -1 - i
            continue
        if kind == SLATE:
            begin(state.viewer_sequence, viewer)
            slate_begins(state, viewer, record.value, record.extra, record.now)
            end(state.viewer_sequence, viewer)
            continue
        if kind == SERVE:
            begin(state.viewer_sequence, viewer)
            fits = serve(state, viewer, video, record.extra, record.now)
            end(state.viewer_sequence, viewer)
            if not fits:
                return -1 - i
            if record.value >= 0:
                slot = put(pending, viewer, video, SERVED, -1, record.now)
                copy_to(vectors[record.value], pending.x[slot])
            continue
        if kind == RESET:
            begin(state.viewer_sequence, viewer)
            state.viewer_ints[state.viewer_slots[viewer], :] = 0
            drop_kinds(state.tie_heads, state.tie_words, viewer, OTHER, LESS_PERSON, LESS_TOPIC)
            end(state.viewer_sequence, viewer)
            continue
        begin(state.viewer_sequence, viewer)
        opens, fits = kind == IMPRESSION, True
        if kind == KNOWN:
            remember(state, model, pending, record, scratch)
        else:
            ring = -1 if opens else find_view(state, viewer, video)
            opens = opens or (kind == WATCH and ring < 0)
            if opens:
                ring = open_view(state, seen_as, model, pending, viewer, video, record.now,
                                 record.placement, scratch)  # fmt: skip
                if kind == IMPRESSION:
                    if impressions < out_x.shape[0]:
                        copy_to(scratch.x, out_x[impressions])
                        copy_to(scratch.p, out_p[impressions])
                        copy_to(scratch.times, out_times[impressions])
                    impressions += 1
            if kind == WATCH:
                watch(state, model, pending, ring, record, scratch)
            elif kind != IMPRESSION:
                fits = react(state, ring, record, scratch)
        if opens or kind == KNOWN:
            seen_s = record.now // 1000 - EPOCH_S
            if seen_s == 0:  # the very second that 2020 began; 0 stands for "never"
                seen_s = 1
            fits = show(state.tie_heads, state.tie_words, state.tie_used, viewer, video, SEEN,
                        seen_s) and fits  # fmt: skip
        end(state.viewer_sequence, viewer)
        if not fits:
            return -1 - i
    return impressions
