"""The command line from a checkout: ``python cli.py train``."""

from dcgan_probe.commands import main

main(prog_name="dcgan-probe")
