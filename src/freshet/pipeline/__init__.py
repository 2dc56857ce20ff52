"""Layer 1: candidates, stages and the pipeline that runs them."""

from freshet.pipeline.candidates import NOTHING, UNASKED, Candidates, Columns, Mask, Rows
from freshet.pipeline.pipeline import Pipeline
from freshet.pipeline.stages import Enricher, Filter, Scorer, Selector, Source, stage_name
from freshet.pipeline.trace import Step, Trace

__all__ = [
    "NOTHING",
    "UNASKED",
    "Candidates",
    "Columns",
    "Enricher",
    "Filter",
    "Mask",
    "Pipeline",
    "Rows",
    "Scorer",
    "Selector",
    "Source",
    "Step",
    "Trace",
    "stage_name",
]
