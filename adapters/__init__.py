"""What touches the world, one system per module; no decision about meaning."""
