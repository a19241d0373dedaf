"""``python -m dcgan_probe``: the command line."""

from .cli import main

main(prog_name="dcgan-probe")
