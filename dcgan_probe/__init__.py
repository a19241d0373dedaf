"""dcgan_probe."""
