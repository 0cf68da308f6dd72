"""Open pixels and wrapped links: byte-exact edits and the tokens they carry.

Before it: `mail` (a message copy). After it: `delivery` seals, `tracking` unseals.
Source: seed (engagement tracking), RFC 5869 (HKDF), RFC 5116 (AEAD).
Public: `token.seal`, `token.unseal`, `token.derive_key`, `rewrite.engage`.
"""
