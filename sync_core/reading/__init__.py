"""What a round has read of both sides, as values: what it means, what must still be read, and the cases to decide."""
