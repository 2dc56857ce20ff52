"""`python -m freshet` is `freshet`."""

from freshet.cli import main

if __name__ == "__main__":
    main()
