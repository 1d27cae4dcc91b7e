"""What a browser makes of the files written: nothing fetched, nothing run, the same numbers as the tables."""
