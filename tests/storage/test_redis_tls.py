"""A store whose server is spoken to by TLS: by a relay in front of it, for the tests' own server speaks none."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from back_ends import need
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from valkey_servers import OwnServer, own_valkey

from jobstatus.errors import StoreUnavailable
from jobstatus.storage import Limits, open_store
from jobstatus.testing.stores.feeding import told_of
from jobstatus.testing.stores.samples import put

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """Give a server."""
    need("redis")
    with own_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that vouches for itself, with its key in the same file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(written + made.public_bytes(Encoding.PEM))
    return file


@asynccontextmanager
async def relay(certificate: Path, port: int) -> AsyncGenerator[int]:
    """Pass on what is said by TLS; give the port to say it on."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with listener:
        found: int = listener.sockets[0].getsockname()[1]
        yield found


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all that comes, and then the end."""
    with suppress(OSError):
        while told := await reader.read(2**16):
            writer.write(told)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_a_store_is_spoken_to_by_tls(server: OwnServer, certificate: Path) -> None:
    """Its feed too."""
    async with relay(certificate, server.port) as port:
        url = f"rediss://127.0.0.1:{port}/0?ca={certificate}"
        async with aclosing(await open_store(url)) as store, aclosing(store.changes()) as feed:
            job = await put(store)
            assert await told_of(feed, job.id)
            assert await store.get(job.id) == job


async def test_a_server_that_nobody_vouches_for_is_refused(server: OwnServer, certificate: Path) -> None:
    """The error says what is wrong, and no password goes out."""
    async with relay(certificate, server.port) as port:
        with pytest.raises(StoreUnavailable, match="certificate") as refused:
            await open_store(f"rediss://user:hidden@127.0.0.1:{port}", Limits(seconds=2))

    assert "hidden" not in str(refused.value)
