"""Which natural keys a batch has had so far: 8 bytes a key in memory, and the truth in the stored results."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from reskontro.batches.store import BatchRecord, read_natural_keys
from reskontro.db.engine import Transaction


class SeenKeys:
    """The digests of the keys of one batch at a time; whoever finds a digest asks the stored results whether it is the same key.

    The digest is the interpreter's own hash of 64 bits: nobody outside the process sees it, and nobody can foretell it.
    """

    def __init__(self) -> None:
        self._batch_uuid: UUID | None = None
        self._upto = 0
        self._digests: set[int] = set()

    def catch_up(self, transaction: Transaction, batch: BatchRecord) -> None:
        """Take in what was committed by others, or before this process began."""
        if self._batch_uuid != batch.batch_uuid:
            self._batch_uuid, self._upto, self._digests = batch.batch_uuid, 0, set()
        if self._upto < batch.count_processed:
            keys = read_natural_keys(transaction, batch.client_no, batch.batch_uuid, self._upto, batch.count_processed)
            self._digests.update(map(hash, keys))
            self._upto = batch.count_processed

    def may_have(self, key: str) -> bool:
        """Whether the key, or one with the same digest, was there before."""
        return hash(key) in self._digests

    def remember(self, batch: BatchRecord, keys: Iterable[str], count: int, *, finished: bool) -> None:
        """Note the keys of a committed chunk of ``count`` items."""
        if finished:
            self._batch_uuid, self._digests = None, set()
            return
        self._digests.update(map(hash, keys))
        self._upto = batch.count_processed + count
