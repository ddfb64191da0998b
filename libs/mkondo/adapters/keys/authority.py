"""A certificate authority of one data directory, and the server certificate that HTTPS needs.

Public client SDKs force https and the public host names, so `mkondo up` answers for those names with a certificate of
its own. The authority is never installed anywhere by itself: people point their tools at ca.pem (`mkondo env`). It is
constrained to the names below, so even a stolen one can impersonate nothing else.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mkondo.adapters.keys.files import PUBLIC, SECRET, write_file

PUBLIC_HOSTS = (
    "openapi.m-pesa.com",
    "uat.openapi.m-pesa.com",
    "api.sandbox.vm.co.mz",
    "api.vm.co.mz",
    "api.mpesa.vm.co.mz",
)
"""The names that public clients force (contract sections 1 and 9)."""

NAMES = ("localhost", "127.0.0.1", "::1", *PUBLIC_HOSTS)

_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 397
_RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(days=1)


class Certificates(msgspec.Struct, frozen=True):
    """Where a TLS server and its clients find what they need."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


def ensure_certificates(directory: Path, now: datetime | None = None, names: Sequence[str] = NAMES) -> Certificates:
    """Make what is missing, near its end, unreadable or for other names; leave everything else as it is."""
    moment = now or datetime.now(UTC)
    files = Certificates(directory / "ca.pem", directory / "tls" / "server.pem", directory / "tls" / "server-key.pem")
    authority_key_file = directory / "tls" / "ca-key.pem"
    authority = _load(files.ca_file, authority_key_file)
    if authority is None or not _constrained_to(authority[0], names) or _ends_soon(authority[0], moment):
        authority = _new_authority(names, moment)
        _save(authority, files.ca_file, authority_key_file)
    server = _load(files.certificate_file, files.key_file)
    if server is None or not _serves(server[0], authority[0], names) or _ends_soon(server[0], moment):
        _save(_new_server(authority, names, moment), files.certificate_file, files.key_file)
    return files


_Pair = tuple[x509.Certificate, EllipticCurvePrivateKey]


def _load(certificate_file: Path, key_file: Path) -> _Pair | None:
    """The pair in these files, or None when a file is missing or damaged: both can be made again."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        return None
    return certificate, key


def _save(pair: _Pair, certificate_file: Path, key_file: Path) -> None:
    """The key first: a crash in between leaves a pair that does not match, which is made again."""
    certificate, key = pair
    write_file(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), SECRET)
    write_file(certificate_file, certificate.public_bytes(Encoding.PEM), PUBLIC)


def _ends_soon(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - now < _RENEW_BEFORE


def _constrained_to(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    except x509.ExtensionNotFound:
        return False
    return found.value == _constraints(names)


def _serves(certificate: x509.Certificate, authority: x509.Certificate, names: Sequence[str]) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return found.value == x509.SubjectAlternativeName([_general_name(name) for name in names])


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _general_name(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _constraints(names: Sequence[str]) -> x509.NameConstraints:
    permitted = [x509.DNSName(name) if _address(name) is None else x509.IPAddress(ip_network(name)) for name in names]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _new_authority(names: Sequence[str], now: datetime) -> _Pair:
    key = generate_private_key(SECP256R1())
    serial = x509.random_serial_number()
    # The serial is part of the name: two directories' authorities in one trust store stay distinguishable.
    name = _common_name(f"Mkondo local authority {serial & 0xFFFFFF:06x}")
    builder = _builder(name, name, key, serial, now, _AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(_constraints(names), critical=True)
    return builder.sign(key, SHA256()), key


def _new_server(authority: _Pair, names: Sequence[str], now: datetime) -> _Pair:
    issuer, issuer_key = authority
    key = generate_private_key(SECP256R1())
    serial = x509.random_serial_number()
    builder = _builder(_common_name("Mkondo"), issuer.subject, key, serial, now, _SERVER_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    builder = builder.add_extension(alternatives, critical=False)
    signer = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer)
    builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuer_key, SHA256()), key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, serial: int, now: datetime, days: int
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(identifier, critical=False)
    )
