"""Stores the state in Azure Table Storage, or in memory for tests; one module per kind of row."""
