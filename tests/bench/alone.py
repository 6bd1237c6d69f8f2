"""Runs one thing in any Python and writes what it cost; standard library only, for peers have packages of their own.

``python alone.py OUT command MODULE:FUNCTION WORD…`` is a console script with these words; ``OUT`` then holds the
exit code, the modules loaded and the seconds of CPU as JSON. ``python alone.py OUT import FILE`` imports the modules
that ``FILE`` names: what the command takes for starting alone.
"""

import json
import sys
import time


def _ended(code: object) -> int:
    return code if isinstance(code, int) else int(bool(code))


def run_command(place: str, words: list[str]) -> int:
    """The exit code of a console script."""
    module, _, function = place.partition(":")
    sys.argv = [function, *words]
    try:
        getattr(__import__(module, fromlist=[function]), function)()
    except SystemExit as ending:
        return _ended(ending.code)
    return 0


def import_all(file: str) -> int:
    """How many modules could not be imported by themselves."""
    missing = 0
    with open(file, encoding="utf-8") as listed:
        names = json.load(listed)
    for name in names:
        try:
            __import__(name)
        except ImportError:  # a name that its package made, or one that only runs as a script
            missing += 1
    return missing


def main() -> None:
    """Do it and tell."""
    out, what, place, *words = sys.argv[1:]
    sys.path.insert(0, ".")
    answer = run_command(place, words) if what == "command" else import_all(place)
    told = {"answer": answer, "loaded": list(sys.modules), "cpu_seconds": time.process_time()}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(told, file)


if __name__ == "__main__":
    main()
