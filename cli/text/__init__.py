"""Puts the JSON output of ``jobs.commands.shapes`` into sentences, one a line, safe for any terminal."""
