"""`python -m services.cli` is `mkondo`."""

from services.cli.main import main

main()
