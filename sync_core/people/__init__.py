"""Attendees and participants: who is invited, who answered what, and what is hidden from whom."""
