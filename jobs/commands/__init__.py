"""The jobs behind the operator's commands: sync, users on and off, why, doctor, the roster file."""
