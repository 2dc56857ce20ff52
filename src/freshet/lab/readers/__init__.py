"""Other people's files, read as our events.

    kuairand   a folder in the layout of KuaiRand            ─┐
    thu        a folder in the layout of THU ShortVideo       │
    generic    CSV, JSONL or Parquet with a mapping file      ├─▶ events in time order ─▶ importer
    generic    our own events, one JSON object per line      ─┘

A file that cannot be understood at all is refused before anything is written. A line that
cannot is reported with file, line and field, and the good lines around it are kept.
"""
