"""`python -m understudy`: the command line, also where the script is not on the path."""

from understudy.cli import main

main()
