"""The deciding half of calsync: pure values and functions, standard library only.

Nothing here awaits, reads a clock, the environment or a file, logs, or imports a third-party package.
``model`` holds the values, ``errors`` the family of what can go wrong; ``window``, ``project``, ``changes``
and ``merge`` answer one question each; ``decide`` takes each case through the printed ``tables``; ``guard``
looks at the whole plan before anything is done.
"""
