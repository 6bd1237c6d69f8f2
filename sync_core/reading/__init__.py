"""What a round has read of both sides, as values: what it says, what else must be read, and the cases to decide."""
