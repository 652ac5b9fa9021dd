"""Where the tests find vectors, samples and the contract: beside the checkout when they are there, otherwise in the copy under tests/data."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_BESIDE = _HERE.parent.parent / "shared"
_COPY = _HERE / "data"


def shared_path(relative: str) -> Path:
    """Path of a shared test file, for instance ``domain/vectors/kid.json``; raises FileNotFoundError when neither place has it."""
    for base in (_BESIDE, _COPY):
        candidate = base / relative
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{relative} is neither beside the checkout (../shared) nor in tests/data")
