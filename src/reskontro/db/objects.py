"""The object store of an installation: a folder or an S3-compatible service, for content that is not to lie in the database.

Nothing in it is ever changed. What an object is, and whose, is said by a row that is committed after the object is durable; an object that no row
names was left behind by a call that did not come to its end, and harms nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:
    from reskontro.settings import Settings

_WHOLE_BYTES_MAX: Final = 8 << 20
"""A smaller object is sent with one request, a larger one in parts of this size."""
_RANGE_BYTES: Final = 4 << 20
_PARTS_AT_A_TIME: Final = 2
_ATTEMPTS: Final = 3


class ObjectStoreFault(RuntimeError):
    """The store cannot be reached, or does not have what it must have."""


class ObjectStore:
    """Objects by key; all methods may be called by several threads."""

    def __init__(self, url: str, *, endpoint: str | None = None, region: str | None = None, access: tuple[str, str] | None = None) -> None:
        """``url`` is file:///folder or s3://bucket/prefix; the rest is for S3, where the usual AWS_ variables count too.

        Raises ValueError for an address of another kind.
        """
        parts = urlsplit(url)
        self._folder: Path | None = None
        self._store: Any
        if parts.scheme == "file" and not parts.netloc and parts.path:
            self._folder = Path(unquote(parts.path))
            # Only its user may look into a folder that is made here; who may look into one that is there already is for whoever made it to say.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(self._folder)
        elif parts.scheme == "s3" and parts.netloc:
            config: Any = {}
            if endpoint:
                config["endpoint"] = endpoint
            if region:
                config["region"] = region
            if access:
                config["access_key_id"], config["secret_access_key"] = access
            self._store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                config=config,
                client_options={"allow_http": True, "connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)},
                retry_config={"max_retries": _ATTEMPTS, "retry_timeout": timedelta(seconds=60)},
            )
        else:
            raise ValueError("the store of files must be file:///folder or s3://bucket/prefix")

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Store an object whole; durable when this returns. Raises ObjectStoreFault."""
        source = iter(pieces)
        beginning = bytearray()
        for piece in source:
            beginning += piece
            if len(beginning) > _WHOLE_BYTES_MAX:
                break
        try:
            if self._folder is not None:
                (self._folder / key).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if len(beginning) <= _WHOLE_BYTES_MAX:
                obstore.put(self._store, key, bytes(beginning), use_multipart=False)
            else:
                obstore.put(
                    self._store, key, _joined(beginning, source), use_multipart=True, chunk_size=_WHOLE_BYTES_MAX, max_concurrency=_PARTS_AT_A_TIME
                )
            if self._folder is not None:
                _sync(self._folder, key)
        except (BaseError, OSError) as error:
            raise ObjectStoreFault(f"the store of files did not take an object ({type(error).__name__})") from error

    def drop(self, key: str) -> None:
        """Take away an object that no row names, and none will; where that cannot be done it stays, and harms nobody."""
        with suppress(BaseError, OSError):
            obstore.delete(self._store, key)

    def read(self, key: str, size: int) -> Iterator[bytes]:
        """The content of an object of so many bytes, in pieces, each asked for when it is wanted. Raises ObjectStoreFault."""
        for start in range(0, size, _RANGE_BYTES):
            end = min(start + _RANGE_BYTES, size)
            try:
                piece = bytes(obstore.get_range(self._store, key, start=start, end=end))
            except (BaseError, OSError) as error:
                raise ObjectStoreFault(f"the store of files did not give an object ({type(error).__name__})") from error
            if len(piece) != end - start:
                raise ObjectStoreFault("an object in the store of files is shorter than it was")
            yield piece


def _joined(beginning: bytearray, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield bytes(beginning)
    beginning.clear()
    yield from rest


def _sync(folder: Path, key: str) -> None:
    """Make a written file, and the names that lead to it, survive a power failure; only its user may read it."""
    path = folder / key
    path.chmod(0o600)
    while True:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if path == folder:
            return
        path = path.parent


def open_objects(settings: Settings) -> ObjectStore | None:
    """The object store that the settings name, None when files lie in the database. Raises ObjectStoreFault when it cannot be used at all."""
    if not settings.files_store:
        return None
    access = None
    if settings.files_access_key_id and settings.files_secret_access_key:
        access = (settings.files_access_key_id, settings.files_secret_access_key.get_secret_value())
    try:
        return ObjectStore(settings.files_store, endpoint=settings.files_endpoint, region=settings.files_region, access=access)
    except (BaseError, OSError, ValueError) as error:
        raise ObjectStoreFault(f"the store of files (RESKONTRO_FILES_STORE) cannot be used: {' '.join(str(error).split())[:300]}") from error
