"""Lists of origins that an earlier version wrote."""

from __future__ import annotations

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from contactport.origin import parse_origin
from contactport.store import domains, migrations
from contactport.store.open import Store


def upgrade(connection: Connection) -> None:
    """The migration by itself, on a database that has its tables already."""
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    script = ScriptDirectory.from_config(config).get_revision("0004")
    assert script is not None
    with Operations.context(MigrationContext.configure(connection)):
        script.module.upgrade()


async def test_origins_come_along_in_the_spelling_of_browsers_and_any_becomes_none(store: Store) -> None:
    database = store.database
    listed = ("https://a.example:8443", "https://bücher.example", "http://straße.example:8080")
    database.write_now(domains.add, "listed", origins=listed)
    database.write_now(domains.add, "never matched", origins=("https://☃.example",))
    database.write_now(domains.add, "any")
    database.write_now(upgrade)
    found = {one.name: one.origins for one in database.read_now(domains.all_domains)}
    assert found == {
        "listed": (
            "https://a.example:8443",
            "https://xn--bcher-kva.example",
            "http://xn--strae-oqa.example:8080",
        ),
        "never matched": (),
        "any": (),
    }
    assert [parse_origin(one) for one in found["listed"]] == list(found["listed"])
