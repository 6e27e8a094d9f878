"""A big address book over a real connection: what the client sees when it is interrupted."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection, IncompleteRead

import pytest
import uvicorn
from starlette.applications import Starlette

from contactport.store.domains import KeyPair
from tests.unit.http.asgi import basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports
from tests.unit.http.test_contacts import people

PATIENCE = 60.0


@contextmanager
def served(application: Starlette) -> Generator[int]:
    """The application behind the server that really serves it, in a thread; its port."""
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            end = time.monotonic() + PATIENCE
            while not server.started and time.monotonic() < end:
                time.sleep(0.01)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@pytest.mark.parametrize("ending", ["", ".xml", ".vcf", ".csv", ".ndjson"])
async def test_a_book_purged_while_it_is_sent_is_no_whole_answer(
    wire: Build, pair: KeyPair, stored: StoredImports, ending: str
) -> None:
    one = stored.complete(people(50_000), retention=0)
    with served(wire()) as port, socket.socket() as narrow:
        # The system's buffers must not take in the whole book before anybody can purge it.
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        narrow.settimeout(PATIENCE)
        narrow.connect(("127.0.0.1", port))
        connection = HTTPConnection("127.0.0.1", port)
        connection.sock = narrow
        connection.request("GET", f"/contacts/{one}{ending}", headers=basic(pair))
        response = connection.getresponse()
        assert response.status == 200
        response.read(10_000)
        stored.purge()
        with pytest.raises(IncompleteRead):
            response.read()
