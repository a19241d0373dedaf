"""The command line from a checkout: ``python cli.py train``."""

from dcgan_probe.cli import main

if __name__ == "__main__":  # processes that a verb starts import this file too
    main(prog_name="dcgan-probe")
