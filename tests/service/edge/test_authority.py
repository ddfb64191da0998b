"""The local certificate authority: clients that are given ca.pem trust our HTTPS under every public host name."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from mkondo.adapters.keys.authority import NAMES, Certificates, ensure_certificates

NOW = datetime.now(UTC)


def shake_hands(files: Certificates, name: str, ca_file: Path | None = None) -> None:
    """A whole TLS handshake in memory, with the client checking the name as every client does."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.certificate_file, files.key_file)
    client_context = ssl.create_default_context(cafile=str(ca_file or files.ca_file))
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_a_client_with_the_authority_trusts_every_name(tmp_path: Path, name: str) -> None:
    shake_hands(ensure_certificates(tmp_path), name)


def test_a_client_does_not_trust_another_name(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ensure_certificates(tmp_path), "example.com")


def test_a_client_does_not_trust_another_directory_s_authority(tmp_path: Path) -> None:
    files, other = ensure_certificates(tmp_path / "one"), ensure_certificates(tmp_path / "two")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(files, "localhost", other.ca_file)


def test_private_keys_are_read_by_their_owner_only(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*-key.pem")} == {0o600}


def test_asking_again_changes_nothing(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    before = contents(tmp_path)
    ensure_certificates(tmp_path)
    assert contents(tmp_path) == before


def test_a_server_certificate_near_its_end_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, now=NOW - timedelta(days=380))
    authority, server = files.ca_file.read_bytes(), files.certificate_file.read_bytes()
    ensure_certificates(tmp_path, now=NOW)
    assert files.ca_file.read_bytes() == authority
    assert files.certificate_file.read_bytes() != server
    shake_hands(files, "localhost")


def test_an_authority_near_its_end_is_renewed_with_its_server(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, now=NOW - timedelta(days=3640))
    before = files.ca_file.read_bytes()
    ensure_certificates(tmp_path, now=NOW)
    assert files.ca_file.read_bytes() != before
    shake_hands(files, "localhost")


def test_new_names_are_added_by_a_new_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    shake_hands(ensure_certificates(tmp_path, names=(*NAMES, "mkondo.example")), "mkondo.example")


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)
    files.key_file.write_bytes(b"half a k")
    shake_hands(ensure_certificates(tmp_path), "localhost")


def test_the_authority_may_sign_for_nothing_else(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(ensure_certificates(tmp_path).ca_file.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert len(constraints.value.permitted_subtrees or ()) == len(NAMES)
