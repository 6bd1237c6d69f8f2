"""What an operator asks for: a sync, a switch, an explanation, the doctor's checks, the roster as a file."""
