"""``make bench``: every part, or those that ARGS names, as in ``make bench ARGS=growth``."""

import sys

from benchmarks import growth, presses

PARTS = {"presses": presses.main, "growth": growth.main}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"No part of the benchmarks: {', '.join(unknown)}. There are {', '.join(PARTS)}.")
    for number, name in enumerate(names):
        if number:
            print()
        PARTS[name]()


if __name__ == "__main__":
    main()
