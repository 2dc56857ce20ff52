"""The slates that were served lately: a fold of `SlateServed`.

A repeated request gets the same slate from here, and "why this video" is read from here.
Bounded: the oldest slates fall out, and then only the log has them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from freshet.domain.events import PersonErased, SlateServed
from freshet.domain.upcast import decode_batch, encode_batch
from freshet.log.ports import Batch, Offset
from freshet.log.snapshots import load_value, save_value

PER_VIEWER_MAX = 50  # slates of one viewer that are held


class RecentSlates:
    """Projection: the last `kept` slates by request and by viewer, without their vectors."""

    name = "served"
    fold_version = 1

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.offset: Offset = 0
        self._slates: OrderedDict[tuple[str, str], SlateServed] = OrderedDict()
        self._requests: dict[str, list[str]] = {}  # viewer -> request ids, oldest first

    def __len__(self) -> int:
        return len(self._slates)

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            if isinstance(event, SlateServed):
                self._keep(msgspec.structs.replace(event, features=b""))
            elif isinstance(event, PersonErased):
                for request_id in self._requests.pop(event.person, []):
                    del self._slates[event.person, request_id]
        self.offset = batch.last

    def slate(self, viewer: str, request_id: str) -> SlateServed | None:
        return self._slates.get((viewer, request_id))

    def of_viewer(self, viewer: str) -> Iterator[SlateServed]:
        """Newest first."""
        for request_id in reversed(self._requests.get(viewer, [])):
            yield self._slates[viewer, request_id]

    def _keep(self, slate: SlateServed) -> None:
        viewer, request_id = slate.viewer, slate.request_id
        if (viewer, request_id) in self._slates:
            return  # the first answer to a request is the answer
        self._slates[viewer, request_id] = slate
        mine = self._requests.setdefault(viewer, [])
        mine.append(request_id)
        if len(mine) > PER_VIEWER_MAX:
            del self._slates[viewer, mine.pop(0)]
        if len(self._slates) > self.kept:
            (gone, _), _ = self._slates.popitem(last=False)
            self._requests[gone].pop(0)  # oldest of all is oldest of its viewer
            if not self._requests[gone]:
                del self._requests[gone]

    def save(self, folder: Path) -> None:
        self.freeze()(folder)

    def freeze(self) -> Callable[[Path], None]:
        slates, offset = list(self._slates.values()), self.offset

        def save(folder: Path) -> None:
            save_value(folder, "slates", encode_batch(slates))
            save_value(folder, "offset", offset)

        return save

    def load(self, folder: Path) -> None:
        self._slates.clear()
        self._requests.clear()
        for slate in decode_batch(load_value(folder, "slates", bytes)):
            assert isinstance(slate, SlateServed)
            self._keep(slate)
        self.offset = load_value(folder, "offset", int)
