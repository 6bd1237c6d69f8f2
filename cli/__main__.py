"""``python -m cli`` runs the command line from a checkout, without an installation."""

from cli.start import main

if __name__ == "__main__":
    main()
