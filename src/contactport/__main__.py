"""`python -m contactport`."""

from contactport.cli import main

main()
