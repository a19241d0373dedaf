"""``python -m dcgan_probe``: the command line."""

from .commands import main

main(prog_name="dcgan-probe")
