"""The deciding half of calsync: pure values and functions, standard library only.

Nothing here awaits, reads a clock, the environment or a file, logs, or imports a third-party package.
``model`` holds the values, ``errors`` the family of errors. ``content`` projects, compares and merges; ``people``
does so for the lists of people. ``plan`` decides each case by printed tables, and its guard looks at the whole plan
before anything is written. ``reading`` says what a round must read, and makes the cases.
"""
