"""The command line: `sinyal COMMAND`; each command is one module of `programs`."""


def main() -> None:
    """Run the command named on the command line."""
    raise SystemExit("not wired yet")


if __name__ == "__main__":
    main()
