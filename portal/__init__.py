"""The web page: what people see of their sync and ask of it. Reads tables and files commands, nothing else."""
