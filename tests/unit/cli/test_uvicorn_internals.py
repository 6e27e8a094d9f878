"""What is used of uvicorn's inside is there: its minor versions may change it, and only 0.54 is allowed."""

from __future__ import annotations

import ast
import inspect
import textwrap
import tomllib
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from contactport.cli.protocol import BoundedProtocol

OVERRIDDEN = (
    "connection_made",
    "connection_lost",
    "data_received",
    "on_headers_complete",
    "on_message_complete",
    "on_response_complete",
    "resume_writing",
    "_start_asgi_task",
)
OURS = set(vars(BoundedProtocol)) | set(BoundedProtocol.__annotations__)


def used() -> set[str]:
    """The attributes of a connection that the protocol uses and that are not its own."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(BoundedProtocol)))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    } - OURS


async def test_a_connection_has_every_attribute_that_is_used() -> None:
    config = uvicorn.Config("nothing:here", log_config=None)
    config.load_app = lambda: lambda: None  # type: ignore[method-assign]
    config.load()
    connection = HttpToolsProtocol(config, ServerState(), {})
    assert used() >= {"transport", "connections", "loop", "headers", "scope"}
    # `flow`, `scope` and `url` are made with the connection and its first request.
    assert {name for name in used() if not hasattr(connection, name)} <= {"flow", "scope", "transport", "url"}
    annotated = inspect.getsource(HttpToolsProtocol)
    assert all(f"self.{name}" in annotated for name in used())


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_what_is_overridden_is_there(name: str) -> None:
    assert name in vars(BoundedProtocol)
    ours, theirs = getattr(BoundedProtocol, name), getattr(HttpToolsProtocol, name)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)


def test_an_answer_under_way_has_what_is_looked_at() -> None:
    made = inspect.getsource(RequestResponseCycle.__init__)
    for name in ("response_complete", "disconnected", "message_event", "more_body", "transport"):
        assert f"self.{name} = " in made


def test_the_server_has_what_is_changed() -> None:
    assert list(inspect.signature(uvicorn.Server.startup).parameters) == ["self", "sockets"]
    assert list(inspect.signature(uvicorn.Server.handle_exit).parameters) == ["self", "sig", "frame"]
    assert "self.should_exit" in inspect.getsource(uvicorn.Server.__init__)
    assert STATUS_LINE[431].startswith(b"HTTP/1.1 431")


def test_no_other_minor_version_is_allowed() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    (wanted,) = (one for one in project["project"]["dependencies"] if one.startswith("uvicorn"))
    major, minor = map(int, uvicorn.__version__.split(".")[:2])
    assert wanted == f"uvicorn[standard]>={major}.{minor},<{major}.{minor + 1}"
