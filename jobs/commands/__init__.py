"""What an operator asks for: a sync, a switch, an explanation, a check-up."""
