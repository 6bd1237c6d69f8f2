"""One event and one activity as content: projected to common ground, compared, merged, kept as a base."""
