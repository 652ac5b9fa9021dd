"""``python -m tools.documentation``: write the generated parts of all pages anew; with ``--check`` only say which pages are out of date."""

from __future__ import annotations

import sys

from tools.documentation.pages import ROOT, refreshed


def main(arguments: list[str]) -> int:
    """Write or check the pages; returns the exit status: 1 when a check found a page out of date."""
    check = arguments == ["--check"]
    if arguments and not check:
        print("usage: python -m tools.documentation [--check]", file=sys.stderr)
        return 2
    stale = [(path, text) for path, text in refreshed() if text != path.read_text(encoding="utf-8")]
    for path, text in stale:
        print(f"{path.relative_to(ROOT)} {'is out of date' if check else 'written'}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
