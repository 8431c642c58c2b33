"""A PostgreSQL server of a test's own: on a free port of the loopback, in a temporary folder."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def find_binaries():
    """Give the folder with the server's programs, or None; Debian does not put it on the path."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """A context manager; `url` is what SQLAlchemy takes."""

    def __init__(self, binaries):
        self.binaries = binaries
        # The server refuses to run as root; Debian's package brings a user for it.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def __enter__(self):
        # Not below pytest's folder, which other users cannot enter
        self.folder = Path(tempfile.mkdtemp(prefix="sklearn-mtl-postgres-"))
        shutil.chown(self.folder, self.user)
        self.port = free_port()
        self.url = f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        self._pg_ctl("start")
        return self

    def __exit__(self, *error):
        self._pg_ctl("stop", "--mode=immediate")
        shutil.rmtree(self.folder)

    def restart(self, pause):
        """End the server as a crash does, with all its connections, and start it after a pause."""
        self._pg_ctl("stop", "--mode=immediate")
        time.sleep(pause)
        self._pg_ctl("start")

    def _pg_ctl(self, command, *arguments):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
        log = self.folder / "log"
        self._run("pg_ctl", command, "--wait", f"--log={log}", f"--options={options}", *arguments)

    def _run(self, program, *arguments):
        subprocess.run(
            [self.binaries / program, f"--pgdata={self.folder / 'data'}", *arguments],
            check=True,
            cwd=self.folder,
            user=self.user if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
        )
