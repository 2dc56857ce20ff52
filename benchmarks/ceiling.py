"""How well a log can be predicted from our inputs at all: fitted on other viewers, over all days.

    python -m benchmarks.ceiling PATH [--warm-start FILE] [--json out/ceiling.json]

LightGBM, five folds by viewer: who is predicted was never learned from, and the whole log was
seen, also what came later. What one pass cannot reach beyond this is not in the inputs. GAUC is
taken, as in the replay, from vectors in which all that is held per viewer stops at the start of
the window, and once more from vectors that never knew a viewer: the difference is what there is
to gain by knowing them.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from rich.console import Console
from rich.table import Table

from freshet.lab.lightgbm_nightly import COMMON, TREES
from freshet.lab.metrics import Array
from freshet.lab.readers.layouts import LAYOUTS, open_folder
from freshet.lab.readers.report import ReadReport
from freshet.lab.recording import Recording
from freshet.lab.replay import replay, run, with_history
from freshet.lab.scores import Scorer

FOLDS = 5
SETTING: dict[str, Any] = COMMON | {
    "objective": "binary", "num_leaves": 31, "min_data_in_leaf": 100, "learning_rate": 0.05,
    "num_threads": 2,
}  # fmt: skip


def of_others(vectors: Array, recording: Recording, seed: int, note: Any) -> Array:
    """(n,) main outcome of each impression, by trees that saw everybody but its viewer."""
    main, found = recording.main_label(), np.empty(len(recording))
    fold = np.random.default_rng(seed).permutation(recording.viewer.max() + 1) % FOLDS
    inputs = np.column_stack([vectors, recording.video]).astype(np.float32)
    for k in range(FOLDS):
        note(f"fold {k + 1} of {FOLDS}")
        own = fold[recording.viewer] == k
        known = ~own & main.counts
        data = lightgbm.Dataset(inputs[known], main.happened[known].astype(np.float32))
        fitted = lightgbm.train(SETTING | {"seed": seed}, data, num_boost_round=TREES)
        found[own] = fitted.predict(inputs[own])
    return found


def measure(path: Path, history: Path | None, seed: int, note: Any) -> dict[str, float]:
    folder, now_ms = open_folder(path), time.time_ns() // 1_000_000
    if history is not None:
        folder = with_history(folder, history)
    warm = history is not None
    done = replay(folder, now_ms=now_ms, seed=seed, warm=warm, note=note)
    recording, layout = done.recording, LAYOUTS[folder.layout]
    events = layout.events(folder, now_ms=now_ms, report=ReadReport(), history=warm)
    hidden = run(events, seed, hide=True, note=lambda n: note(f"viewers hidden: {n:,}"))
    scorer = Scorer.of(recording, np.isfinite(recording.gauc_main), seed)
    said = {
        name: of_others(vectors, recording, seed, lambda text, name=name: note(f"{name}: {text}"))
        for name, vectors in (
            ("all", recording.features),
            ("held", recording.features_frozen),
            ("hidden", hidden.features),
        )
    }
    by_trees = {name: scorer.gauc(said[name]) for name in ("held", "hidden")}
    ours = {"held": recording.gauc_main, "hidden": recording.gauc_no_viewer}
    by_us = {name: scorer.gauc(one) for name, one in ours.items()}
    found = {"auc": scorer.judges.auc(scorer.label, said["all"][scorer.rows[scorer.judged]])}
    main = recording.predictions[:, recording.outcome(recording.main[0])]
    found["ours_auc"] = scorer.judges.auc(scorer.label, main[scorer.rows[scorer.judged]])
    found |= {f"gauc_{name}": one for name, one in by_trees.items() if one is not None}
    found |= {f"ours_gauc_{name}": one for name, one in by_us.items() if one is not None}
    return {name: float(one.value) for name, one in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--warm-start", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with Console(stderr=True).status("reading") as status:
        found = measure(asked.path, asked.warm_start, asked.seed, status.update)
    shown = Table("", "ours, one pass", "trees on other viewers, the whole log")
    for name, key in (
        ("AUC", "auc"), ("GAUC, viewers held", "gauc_held"), ("GAUC, no viewers", "gauc_hidden"),
    ):  # fmt: skip
        shown.add_row(name, f"{found[f'ours_{key}']:.4f}", f"{found[key]:.4f}")
    Console().print(shown)
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
