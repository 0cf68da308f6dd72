"""SipHash-2-4; Aumasson and Bernstein, "SipHash: a fast short-input PRF"."""

MASK = (1 << 64) - 1
KEY_OCTETS = 16
Words = tuple[int, int, int, int]


def siphash(key: bytes, octets: bytes) -> bytes:
    """The hash as its eight octets, the lowest first; a short key ends in zeros.

    Errors: `ValueError` for a key of more than 16 octets.
    """
    if len(key) > KEY_OCTETS:
        raise ValueError(f"a key of {len(key)} octets, not of {KEY_OCTETS}")
    whole = key.ljust(KEY_OCTETS, b"\0")
    k0, k1 = int.from_bytes(whole[:8], "little"), int.from_bytes(whole[8:], "little")
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    left = len(octets) % 8
    padded = octets + bytes(7 - left) + bytes([len(octets) & 0xFF])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v0, v1, v2, v3 = _rounds((*state[:3], state[3] ^ word), 2)
        state = (v0 ^ word, v1, v2, v3)
    v0, v1, v2, v3 = _rounds((*state[:2], state[2] ^ 0xFF, state[3]), 4)
    return (v0 ^ v1 ^ v2 ^ v3).to_bytes(8, "little")


def _rounds(state: Words, count: int) -> Words:
    v0, v1, v2, v3 = state
    for _ in range(count):
        v0 = (v0 + v1) & MASK
        v2 = (v2 + v3) & MASK
        v1 = _rotated(v1, 13) ^ v0
        v3 = _rotated(v3, 16) ^ v2
        v0 = (_rotated(v0, 32) + v3) & MASK
        v2 = (v2 + v1) & MASK
        v1 = _rotated(v1, 17) ^ v2
        v3 = _rotated(v3, 21) ^ v0
        v2 = _rotated(v2, 32)
    return v0, v1, v2, v3


def _rotated(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (64 - bits))) & MASK
