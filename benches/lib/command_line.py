"""What the benches' command lines have in common: the text above the program's code is its help, laid out as it stands there."""

import argparse


def parser(name, description, examples):
    """A command line without any argument yet."""
    return argparse.ArgumentParser(
        prog=f"benches/{name}",
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
