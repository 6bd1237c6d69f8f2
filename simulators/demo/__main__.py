"""``python -m simulators.demo [FILE.ics]``: the demo without the command line around it."""

from __future__ import annotations

import sys
from pathlib import Path

from simulators.demo import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
