"""sinyal: a self-hosted mail chain that runs on a PowerMTA configuration file."""
