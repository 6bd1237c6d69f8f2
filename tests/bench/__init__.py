"""What calsync costs, measured: ``make bench`` (``make bench-quick`` in a third of the repetitions).

Nothing here passes or fails: times are the machine's. What is exact (requests, rows, packages loaded) is a test as
well.
A module of this folder measures one matter; ``__main__`` names them.
"""
