"""What a run is and where outputs lie: files, artifacts, keys, the content-addressed store, locks, records, the run."""
