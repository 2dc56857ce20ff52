"""What happens behind a moderator's and a creator's back: reports, decisions, appeals."""

from __future__ import annotations

import time
from random import SystemRandom
from typing import Any

import httpx

from freshet.app import now_ms
from freshet.domain.ids import uuid7
from tests.web.opening import ADMIN_KEY

DAY_MS = 86_400_000
PATIENCE_S = 30.0


class Acting:
    """An app's backend, with a key that opens everything."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(
            base_url=url, timeout=60, trust_env=False,
            headers={"Authorization": f"Bearer {ADMIN_KEY}"},
        )  # fmt: skip

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, params=query).raise_for_status().json()

    def post(self, path: str, **said: Any) -> Any:
        return self.http.post(path, json=said).raise_for_status().json()

    def report(self, video: str, *viewers: str, reason: str = "gory") -> None:
        """By somebody who did not report it before; and the rules have looked at it."""
        now = now_ms()
        about = {"type": "report", "time": now, "video": video, "reason": reason}
        events = [
            about | {"event_id": uuid7(now, SystemRandom()), "viewer": viewer} for viewer in viewers
        ]
        self.post("/v1/events", events=events)
        until = time.monotonic() + PATIENCE_S
        while video not in self.waiting() and time.monotonic() < until:
            time.sleep(0.05)

    def decide(self, effect: str, **about: Any) -> str:
        told = {"moderator": "kim", "reason": "seen by a moderator", "effect": effect, **about}
        return str(self.post("/v1/moderation/decisions", **told)["decision"])

    def reverse(self, decision: str) -> None:
        told = {"moderator": "kim", "reason": "looked again"}
        self.post(f"/v1/moderation/decisions/{decision}/reverse", **told)

    def appeal(self, person: str, decision: str, text: str) -> None:
        self.post("/v1/appeals", person=person, decision=decision, text=text)

    def waiting(self) -> set[str]:
        """Videos and people in the queue."""
        lines = self.get("/v1/moderation/queue", max_count=200)["lines"]
        return {line["video"] or line["person"] for line in lines}

    def standing(self, person: str) -> Any:
        return self.get(f"/v1/people/{person}/standing")

    def settle(self) -> None:
        """Nothing is in force afterwards, and nobody waits."""
        for made in self.get("/v1/moderation/decisions", max_count=200)["decisions"]:
            self.reverse(made["decision"])
        for line in self.get("/v1/moderation/queue", max_count=200)["lines"]:
            about = {name: line[name] for name in ("video", "person")[: 1 if line["video"] else 2]}
            self.decide("none", **about)

    def people(self) -> dict[str, int]:
        """How many videos each of the creators posted."""
        return {one["id"]: one["videos"] for one in self.get("/demo/people")}

    def videos_of(self, person: str) -> list[str]:
        return [one["video"] for one in self.get(f"/v1/people/{person}/diagnosis")["videos"]]
