"""sinyal: a self-hosted mail chain that runs on a PowerMTA configuration file."""

__version__ = "0.1.0"
