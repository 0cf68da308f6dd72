"""Where mail comes in, each place with its own TLS; guide 3.3.17, 3.3.21."""

import msgspec

from sinyal.config.addresses import Place
from sinyal.config.block import Block
from sinyal.config.settings import GlobalSettings
from sinyal.config.vocabulary import Listener, ListenerTls

PORT_25 = Place("0.0.0.0", 25)  # guide 3.3.1.20: when none is configured
API_SOURCE = "{transmissions-api}"


def smtp_listeners(whole: Block, settings: GlobalSettings) -> tuple[Listener, ...]:
    """The one-line listeners, then the sections; without any, smtp-ip and smtp-port."""
    tls = global_tls(settings)
    lines = [
        msgspec.structs.replace(line, tls=tls, await_slot=settings.smtp_await_slot)
        for line in settings.smtp_listener
    ]
    sections = [
        _section(block, tls, is_slot_awaited=settings.smtp_await_slot)
        for block in whole.tagged("smtp-listener")
        if block.argument
    ]
    host, port = settings.smtp_ip or PORT_25.host, settings.smtp_port or PORT_25.port
    older = Listener(host, port, await_slot=settings.smtp_await_slot, tls=tls)
    return (*lines, *sections) or (older,)


def global_tls(settings: GlobalSettings) -> ListenerTls:
    """What holds for a listener that says nothing of its own; guide 3.3.1.9-15."""
    return ListenerTls(
        certificate=settings.smtp_server_tls_certificate,
        ca_file=settings.smtp_server_tls_ca_file,
        allow_tlsv1=settings.smtp_server_tls_allow_tlsv1,
        allow_tlsv1_1=settings.smtp_server_tls_allow_tlsv1_1,
        allow_tlsv1_2=settings.smtp_server_tls_allow_tlsv1_2,
        allow_tlsv1_3=settings.smtp_server_tls_allow_tlsv1_3,
        ciphers=settings.smtp_server_tls_ciphers,
        tlsv1_3_ciphersuites=settings.smtp_server_tls_v1_3_ciphersuites,
    )


def api_listeners(whole: Block) -> tuple[Listener, ...]:
    """Places of the Transmissions API; they speak HTTPS only (API-1)."""
    common = {
        name: value
        for block in whole.tagged("transmissions-api")
        for name, value in block.settings().items()
        if name == "tls_ca_file"
    }
    return tuple(
        Listener(
            block.argument.host,
            block.argument.port,
            source_name=API_SOURCE,
            immediate_tls=True,
            tls=_own_tls(common | block.settings(), ListenerTls()),
        )
        for block in whole.tagged("transmissions-api-listener")
        if block.argument
    )


def _section(block: Block, tls: ListenerTls, *, is_slot_awaited: bool) -> Listener:
    written = block.settings()
    return Listener(
        block.argument.host,
        block.argument.port,
        source_name=written.get("source", ""),
        await_slot=written.get("await_slot", is_slot_awaited),
        immediate_tls=written.get("immediate_tls", False),
        tls=_own_tls(written, tls),
    )


def _own_tls(written: dict[str, object], tls: ListenerTls) -> ListenerTls:
    """`tls` with what the section itself says of TLS."""
    own = {
        name.removeprefix("tls_"): value
        for name, value in written.items()
        if name.removeprefix("tls_") in ListenerTls.__struct_fields__
    }
    return msgspec.structs.replace(tls, **own)
