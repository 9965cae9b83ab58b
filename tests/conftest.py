"""Fixtures for every folder of tests."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import distribution
import pytest
import quick_mode
import sqlalchemy as sa
from hypothesis import settings as hypothesis_settings

from curation.markup import parse_markup
from curation.record import Layer, Record, record_id
from curation.scheme import Scheme, load_scheme
from curation.store import Store, migrations

if TYPE_CHECKING:
    from projection_parts.generated import SentencePair

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
# What tests allow is not kept for the user of this machine.
SETTINGS_OF_TESTS = tempfile.TemporaryDirectory(prefix="clincurate-settings-")
os.environ["XDG_CONFIG_HOME"] = SETTINGS_OF_TESTS.name

# The same examples on every machine, so that what fails in CI fails at the desk;
# HYPOTHESIS_PROFILE=default searches further.
hypothesis_settings.register_profile("same-everywhere", derandomize=True, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same-everywhere"))

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

Annotated = tuple[Record, Layer]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only tests that need no server, database or model")


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in quick_mode.NEEDS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if config.pluginmanager.has_plugin("xdist"):
        config.pluginmanager.register(distribution.Distribution())
    if config.getoption("--quick"):
        if hasattr(config, "workerinput") or not config.getoption("numprocesses", 0):
            quick_mode.begin()
        hypothesis_settings.register_profile(
            "quick", hypothesis_settings.get_profile("same-everywhere"), max_examples=5
        )
        hypothesis_settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whole files of marked tests are not even imported in quick mode."""
    return True if config.getoption("--quick") and quick_mode.is_left_out(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each test gets the marks that its fixtures tell; quick mode leaves marked tests out."""
    for item in items:
        quick_mode.mark(item)
    if config.getoption("--quick"):
        left_out = [item for item in items if quick_mode.needs(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not quick_mode.needs(item)]
    if hasattr(config, "workerinput"):
        distribution.long_first(items)


def pytest_collection_finish() -> None:
    """What was collected and imported stays to the end: the garbage collector need not look through it each time."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _migrated_once() -> Iterator[None]:
    """The migrations make the first new store on SQLite; each later one gets that schema, a fifth of the work."""
    upgrade = migrations._upgrade
    schema: list[str] = []

    def upgrade_or_copy(connection: sa.Connection) -> None:
        statements = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        if connection.dialect.name != "sqlite" or connection.exec_driver_sql(statements).first():
            upgrade(connection)
        elif not schema:
            upgrade(connection)
            schema.extend(connection.exec_driver_sql(statements).scalars())
        else:
            for statement in (*schema, f"INSERT INTO alembic_version VALUES ('{migrations.HEAD}')"):
                connection.exec_driver_sql(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_upgrade", upgrade_or_copy)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data (../shared/data) is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    """The default scheme."""
    return load_scheme()


@pytest.fixture(scope="session")
def annotated() -> Callable[..., Annotated]:
    """Makes a record and a layer from marked text."""

    def make(
        marked: str,
        *,
        layer: str = "gold",
        language: str = "en",
        group: str | None = None,
        translation_of: str | None = None,
        source_id: str = "",
    ) -> Annotated:
        text, entities = parse_markup(marked)
        id = record_id(text, language=language, source_id=source_id)
        record = Record(
            id=id,
            group=group or id,
            source="test",
            language=language,
            text=text,
            translation_of=translation_of,
        )
        return record, Layer(record_id=id, name=layer, author=layer, entities=entities)

    return make


@pytest.fixture(scope="session")
def known() -> list[SentencePair]:
    """The sentences that the model of `marian_folder` learns: the shortest of some generated ones."""
    from translation_trained_parts.pairs import learnt

    return sorted(learnt(120), key=lambda pair: len(pair.source))[:16]


@pytest.fixture(scope="session")
def marian_folder(known: list[SentencePair], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny Marian model that has learnt these sentences by heart, with and without markers."""
    import torch
    from translation_trained_parts.pairs import lessons, symbols
    from translation_trained_parts.training import TrainingPlan, train

    plan = TrainingPlan(pieces=400, width=64, layers=1, epochs=200, minutes=1.0, batch=1_000, rate=6e-3)
    # What is so small is slower on several processors.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train(tmp_path_factory.mktemp("marian"), lessons(known), symbols(known), plan).folder
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL server that lives as long as the tests."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    found = str(binaries[-1]) if binaries else shutil.which("pg_ctl")
    if not found:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    # Not below pytest's own folder: that one is closed to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="clincurate-postgres-"))
    folder.chmod(0o777)
    data, port = folder / "data", _free_port()
    try:
        _as_server(f"{found} initdb -s -D {data} -o '--auth=trust --username=curate --no-sync'", folder)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        _as_server(f"{found} start -s -w -D {data} -l {folder}/log -o '{options}'", folder)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"PostgreSQL did not start on this machine: {error}")
    yield f"postgresql+psycopg://curate@127.0.0.1:{port}/postgres"
    _as_server(f"{found} stop -s -m immediate -D {data}", folder)
    shutil.rmtree(folder, ignore_errors=True)


def _as_server(command: str, folder: Path) -> None:
    """PostgreSQL refuses to run as root: then its own user does it."""
    line = ["runuser", "-u", "postgres", "--", "sh", "-c", command] if os.geteuid() == 0 else ["sh", "-c", command]
    subprocess.run(line, check=True, cwd=folder, capture_output=True, timeout=120)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, on each backend in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'records.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"store_{abs(hash(request.node.nodeid))}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.rsplit("/", 1)[0] + f"/{name}"
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, on each backend in turn."""
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite, for tests of what is above the store."""
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as opened:
        yield opened
