"""``python -m groundswell``, the same as the command."""

from groundswell.cli import main

main()
