"""The adapters implement the ports of ``jobs.ports``, one system per package; they decide nothing about meaning."""
