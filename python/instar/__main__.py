"""`python -m instar` is the `instar` command."""

from instar.cli import main

if __name__ == "__main__":
    main()
