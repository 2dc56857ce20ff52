"""What a creator is told, by code."""

from __future__ import annotations

import msgspec

from freshet.distribution.habits import Habit


class Said(msgspec.Struct, frozen=True):
    """A sentence by its code; `params` fill it."""

    code: str
    text: str
    params: dict[str, str] = {}


TEXTS = {
    # evidence
    "penalised_person": "your profile is penalised: {reason}",
    "penalised_video": "this video is not recommended: {reason}",
    "until": "until {until}",
    "no_end": "it has no end of its own; you may appeal",
    "mismatch": "{match} of what it is about is what those who saw it like; of other new videos "
    "{usual}",
    "other_taste": "viewers who like {topic} watched it, the others did not; they were {share} of "
    "those who saw it",
    "about": "it is about {topic}; those who saw it mostly like {tastes}",
    "made_of": "words, tags and sound are those of videos about {topic}; it was given {given}",
    "left_at": "{share} left around second {second}, where {usual} leave videos of its like",
    "left_early": "{share} were gone after {second} s; of videos of its like {usual}",
    "worth_less": "a view of it was worth {mean} beyond what such viewers make of any video; the "
    "middle of its like is {bar}",
    "as_good": "it is watched like its like; in stage {stage} they are those that did well",
    "number_below": "{name}: {value}, where its like have {usual}",
    # help
    "help_penalty": "the penalty ends by itself, or appeal if it is wrong",
    "help_appeal": "appeal if it is wrong",
    "help_topic": "say in caption and hashtags what it shows: {topic}",
    "help_given": "give it the topic that it is about: {topic}",
    "help_steady": "stay with one topic for a while: viewers are found by what you made before",
    "help_tags": "use hashtags of its own topic, not general ones",
    "help_start": "begin with what it is about: the first {second} s decide",
    "help_cut": "look at second {second}: there they leave; shorten or move what is there",
    "help_shorter": "try a shorter cut",
    # next
    "next_decided": "it is decided when {left} more have seen it",
    "next_waits": "it waits for its first viewers: {shown} of {quota} so far",
    "next_any": "it is decided any moment",
    "next_stopped": "nothing more is tried; by itself it may still be found",
    "next_open": "it is open to everybody, for as long as it is watched",
    "next_ended": "its time is over",
    "next_penalty": "it goes on when the penalty ends",
    "next_never": "it was not on trial: whoever it suits may be shown it",
    # habits
    "hopping": "your last {videos} videos are about {topics} topics in turn: nobody can be found "
    "who likes them all",
    "deleting": "{removed} of {posted} videos were taken down again: what was learned of their "
    "viewers is lost",
    "bursts": "{videos} videos within {within} compete with each other: space them by an hour",
    "generic": "{share} of your hashtags stand on videos about anything ({tags}): they say nothing",
}  # fmt: skip


def said(code: str, **params: str) -> Said:
    return Said(code, TEXTS[code].format(**params), params)


def habit_said(habit: Habit) -> Said:
    return said(habit.code, **habit.params)


def percent(share: float) -> str:
    """
    >>> percent(0.253)
    '25 %'
    """
    return f"{100 * share:.0f} %"


def number(x: float) -> str:
    """
    >>> number(0.5)
    '+0.50'
    """
    return f"{x:+.2f}"
