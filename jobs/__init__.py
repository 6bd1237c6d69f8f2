"""What the app does, in order; awaits, knows the world only by the Protocols in ``ports``."""
