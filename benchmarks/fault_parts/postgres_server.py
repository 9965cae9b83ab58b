"""A PostgreSQL server of our own on 127.0.0.1, which can be ended in the middle of work and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PostgresServer:
    """A server with its data in a folder; databases are made by name."""

    def __init__(self, folder: Path, pg_ctl: str) -> None:
        self._folder = folder
        self._pg_ctl = pg_ctl
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._run(f"{pg_ctl} initdb -s -D {folder}/data -o '--auth=trust --username=curate --no-sync'")

    def start(self) -> None:
        """Return when it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(f"{self._pg_ctl} start -s -w -D {self._folder}/data -l {self._folder}/log -o '{options}'")

    def kill(self) -> None:
        """End it without a word to those who are connected, as a power cut does."""
        self._run(f"{self._pg_ctl} stop -s -m immediate -D {self._folder}/data")

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        import sqlalchemy as sa

        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://curate@127.0.0.1:{self.port}/{name}"

    def _run(self, command: str) -> None:
        # PostgreSQL refuses to run as root: then its own user does it.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*user, "sh", "-c", command], check=True, cwd=self._folder, capture_output=True, timeout=120)


@contextmanager
def postgres_server() -> Iterator[PostgresServer | None]:
    """A started server, None where PostgreSQL is not installed; it is gone afterwards."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    pg_ctl = str(binaries[-1]) if binaries else shutil.which("pg_ctl")
    if pg_ctl is None:
        yield None
        return
    # Not below a folder of root: that one is closed to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="faults-postgres-"))
    folder.chmod(0o777)
    try:
        server = PostgresServer(folder, pg_ctl)
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
