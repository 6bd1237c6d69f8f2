"""The values calsync thinks in: what each side shows, what is remembered, what is decided. Nothing here decides."""
