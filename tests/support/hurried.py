"""``python -m tests.support.hurried HASTE OPTIONS``: the host in a process of its own, where whoever waits for
ERP.net's session asks again HASTE times as soon as the app does by itself."""

from __future__ import annotations

import sys
from unittest.mock import patch

from jobs import line
from simulators.host.__main__ import main

if __name__ == "__main__":
    haste, usual = float(sys.argv.pop(1)), line.session_delay
    with patch.object(line, "session_delay", lambda waits: usual(waits) / haste):
        sys.exit(main())
