"""`python -m portal_app`: the operator's command line."""

from portal_app.cli import main

if __name__ == "__main__":
    main()
