"""``serve`` and ``worker``: the processes that run for a long time."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import sys
import tempfile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reskontro.cli.common import CommandError, DatabaseUrlOption, DataOption, err, settings_from

if TYPE_CHECKING:
    from reskontro.settings import Settings

BACKLOG = 2048
GRACE_SECONDS = 20
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the metrics of several processes of one machine are gathered in a folder; for workers of your own set it yourself."""
KEEP_ALIVE_SECONDS = 75
LARGE_BYTES = 1 << 20
ARENAS_MAX = 2
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Parameters of mallopt, see malloc.h."""
SWITCH_SECONDS = 0.0001
"""How long a thread may keep the interpreter from another: a call that comes back from the database must not wait for one that computes."""


def serve(
    port: Annotated[int | None, typer.Option(envvar="RESKONTRO_PORT", help="Port of the API; 0 takes a free one.", show_default="8080")] = None,
    host: Annotated[str | None, typer.Option(envvar="RESKONTRO_HOST", help="Address to listen on.", show_default="127.0.0.1")] = None,
    workers: Annotated[
        int | None, typer.Option(envvar="RESKONTRO_WORKERS", help="Worker processes to run beside the API; 0 for none.", show_default="1")
    ] = None,
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Serve the API, with workers that process the batches.

    Ctrl-C or SIGTERM ends it in order: nothing new is accepted, running calls and the chunk in hand are finished.
    """
    from reskontro.cli.children import end_with_parent
    from reskontro.logs import configure_logging

    settings = settings_from(data, database_url, port=port, host=host, workers=workers)
    configure_logging(settings)
    listener = listen(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    signal.signal(signal.SIGTERM, _leave)
    end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with listener, tempfile.TemporaryDirectory(prefix="reskontro-metrics-") as shared:
        # Before anything imports prometheus-client: the API then shows what its workers count as well.
        os.environ.setdefault(METRICS_FOLDER, shared)
        _serve(settings, listener)


def _leave(_signal: int, _frame: Any) -> None:
    """SIGTERM before anything is served: unwind, so that the database is left in order."""
    raise SystemExit(0)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the address; raises CommandError when it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise CommandError(f"{host} is no address of this machine ({error.strerror}). Choose another one with --host.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening at once keeps the port ours while the database starts; who connects meanwhile waits.
        listener.listen(BACKLOG)
    except PermissionError as error:
        listener.close()
        raise CommandError(f"Port {port} may not be opened by this user. Choose one from 1024 on with --port.") from error
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} of {host} is in use, perhaps by another `reskontro serve`. End that process, or choose another port with"
                " --port (0 takes a free one)."
            ) from error
        raise CommandError(f"{host} port {port} cannot be listened on: {error.strerror}. Choose others with --host and --port.") from error
    return listener


def _serve(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    from reskontro.app import Application, build_services
    from reskontro.cli.children import WorkerProcesses
    from reskontro.logs import RequestLog
    from reskontro.runtime import open_house
    from reskontro.web.tracing import configure_tracing

    configure_tracing("reskontro api")
    return_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    with open_house(settings) as house:
        services = build_services(settings, house.database)
        workers = WorkerProcesses(settings.workers, worker_environment(settings, house.database.url))
        config = uvicorn.Config(
            RequestLog(Application(services)),
            loop="uvloop",
            http="httptools",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                _announce(settings)

            def handle_exit(self, sig: int, frame: Any) -> None:
                super().handle_exit(sig, frame)
                workers.ask_to_stop()

        server = Server(config)

        def end(_signal: int, _frame: Any) -> None:
            """A signal before the server listens to signals itself ends it; one after it has ended (it repeats its own) changes nothing."""
            server.should_exit = True

        try:
            workers.start()
            signal.signal(signal.SIGTERM, end)
            signal.signal(signal.SIGINT, end)
            server.run(sockets=[listener])
        finally:
            workers.stop()
    _log().info("stopped")


def return_memory() -> None:
    """Let large pieces of memory, such as the bodies of batches, go back to the system as soon as they are freed.

    The allocator of the GNU C library would otherwise come to keep them, each thread in a part of its own. Elsewhere nothing is changed.
    """
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_ARENA_MAX, ARENAS_MAX)


def worker_environment(settings: Settings, serving_url: str) -> dict[str, str]:
    """The environment of worker processes: ours, with the settings of the command line, and no more rights than they need."""
    environment = {name: value for name, value in os.environ.items() if name not in ("RESKONTRO_DATABASE_URL", "DATABASE_URL")}
    given = settings.model_dump(mode="json", include=settings.model_fields_set - {"database_url", "serving_url"}, exclude_none=True)
    environment |= {f"RESKONTRO_{name.upper()}": str(value) for name, value in given.items()}
    return environment | {"RESKONTRO_SERVING_URL": serving_url}


def _announce(settings: Settings) -> None:
    url = (settings.public_url or f"http://{_url_host(settings.host)}:{settings.port}").rstrip("/")
    _log().info("ready", url=url, pid=os.getpid(), workers=settings.workers)
    if sys.stderr.isatty():
        err().print(f"[bold]Reskontro[/bold] serves [link={url}]{url}[/link] (interactive documentation: {url}/docs). End it with Ctrl-C.")


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _log() -> Any:
    import structlog

    return structlog.get_logger("reskontro.serve")


def worker(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is left to do.")] = False,
    data: DataOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Process batches until Ctrl-C or SIGTERM; then the chunk in hand is finished.

    As many as you like can run beside each other, on one machine or on several with one database.
    """
    from reskontro.batches.runner import Worker
    from reskontro.cli.children import end_with_parent
    from reskontro.kit.clock import SystemClock
    from reskontro.logs import configure_logging
    from reskontro.rooms import kinds
    from reskontro.runtime import open_house
    from reskontro.web.metrics import Metrics
    from reskontro.web.tracing import configure_tracing

    settings = settings_from(data, database_url)
    configure_logging(settings)
    configure_tracing("reskontro worker")
    return_memory()
    signal.signal(signal.SIGTERM, _leave)
    with open_house(settings, connections=2) as house:
        working = Worker(house.database, kinds(), settings, SystemClock(), Metrics())

        def stop(_signal: int, _frame: Any) -> None:
            working.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        end_with_parent(working.stop)
        working.run(until_idle=until_idle)
