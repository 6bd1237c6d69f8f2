"""``python -m cli``: the command line where nothing is installed."""

from cli import main

if __name__ == "__main__":
    main(prog_name="calsync")
