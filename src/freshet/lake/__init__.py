"""The log as sealed Parquet files, for whoever wants to ask questions of it."""
