"""Examples for the description of the API: real ones, checked by a test against its schemas."""

from __future__ import annotations

from typing import Any

NOW = 1_767_571_209_000

BATCH: dict[str, Any] = {
    "sent_at": NOW,
    "events": [
        {
            "type": "impression", "event_id": "019b8b74-1800-7000-8000-000000000001",
            "time": NOW - 9_000, "viewer": "ada", "video": "v1", "position": 0,
            "session_id": "s1", "request_id": "019b8b74-0c48-7000-8000-00000000000a",
        },
        {
            "type": "like", "event_id": "019b8b74-2b88-7000-8000-000000000003",
            "time": NOW - 4_000, "viewer": "ada", "video": "v1", "session_id": "s1",
        },
        {
            "type": "watch", "event_id": "019b8b74-3b28-7000-8000-000000000002",
            "time": NOW, "viewer": "ada", "video": "v1", "session_id": "s1",
            "watched_ms": 8_700, "duration_ms": 15_000, "left": True,
        },
    ],
}  # fmt: skip
TAKEN: dict[str, Any] = {
    "accepted": 3, "repeated": 0, "offset": 1_204, "now": NOW + 40, "errors": [], "parked": 0,
    "dropped": {}, "corrected": 0, "clamped": 0,
}  # fmt: skip

_ITEM: dict[str, Any] = {
    "video": "v7", "position": 0, "source": "similar", "propensity": 0.95, "value": 1.21,
    "predictions": {"finish": 0.41, "like": 0.08}, "model_version": "live-1.20417",
    "reasons": [
        {
            "code": "hashtag", "text": "you finished 3 videos with #sourdough in the last 24 hours",
            "params": {"hashtag": "sourdough", "act": "finished", "count": "3", "when": "day"},
            "weight": 0.31,
        },
        {
            "code": "fresh", "text": "posted 2 hours ago",
            "params": {"unit": "hours", "count": "2"}, "weight": 0.08,
        },
    ],
}  # fmt: skip
FEED: dict[str, Any] = {
    "request_id": "019b8b74-0c48-7000-8000-00000000000a", "seed": 201_774_182_309_511,
    "surface": "for_you", "time": NOW - 12_000, "items": [_ITEM], "session_id": "s1",
}  # fmt: skip
WHY: dict[str, Any] = {
    **_ITEM, "request_id": FEED["request_id"], "time": FEED["time"], "surface": "for_you",
    "value_parts": {"finish": 0.41, "watch_s": 0.72, "like": 0.08}, "watch_s": 36.0,
    "boost": 0.0, "less_of": 0.0, "rung": "", "arm": "", "personalised": True,
}  # fmt: skip

TOKEN_WANTED: dict[str, Any] = {"viewer": "ada", "ttl_s": 3_600, "consent": True}
TOKEN: dict[str, Any] = {
    "token": "eyJhbGciOiJIUzI1NiIsImtpZCI6Im1mcmdnemRmbXoifQ.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl",
    "viewer": "ada", "expires": NOW + 3_600_000, "scopes": ["ingest", "feed"], "consent": True,
}  # fmt: skip

_RULED: dict[str, Any] = {
    "decision": "019b8b74-4c00-7000-8000-00000000000d", "video": "v-1001", "person": "u-71",
    "effect": "upsetting", "actor": "moderator:kim", "reason": "shows an operation, no warning",
    "time": NOW, "until": 0, "because": [], "evidence": {}, "state": "stands", "reversal": None,
    "appeal": None,
}  # fmt: skip
RULING: dict[str, Any] = _RULED
DECIDED: dict[str, Any] = {
    "moderator": "kim", "effect": "upsetting", "video": "v-1001",
    "reason": "shows an operation, no warning",
}  # fmt: skip
APPEALED: dict[str, Any] = {
    "decision": _RULED["decision"], "text": "It is make-up, as the caption says.",
}  # fmt: skip
QUEUE: dict[str, Any] = {
    "lines": [
        {
            "video": "v-1001", "person": "u-71", "why": "reports", "weight": 1.38,
            "held_back": True, "reports": 2, "decision": "reports_mfrggzdfmztwq2lknnwg23tp",
            "reason": "2 reports, 2 by proven reporters", "since": NOW - 60_000,
        }
    ],
    "cursor": "", "has_more": False,
}  # fmt: skip
STANDING: dict[str, Any] = {
    "person": "u-71", "penalised": False, "penalised_until": 0,
    "decisions": [{"ruling": {**_RULED, "actor": "moderator"}, "may_appeal": True}],
}  # fmt: skip
