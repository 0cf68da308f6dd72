"""Sentences to fill a message with, to a size that is asked for."""

from functools import cache
from random import Random

STOCK = 64  # paragraphs of each language

SENTENCES: dict[str, tuple[str, ...]] = {
    "id": (
        "Terima kasih sudah menjadi pelanggan kami sejak awal.",
        "Minggu ini kami memilihkan barang yang paling sering Anda lihat.",
        "Ongkos kirim gratis untuk pulau Jawa, Bali — dan sebagian Sumatra.",
        "Harga mulai Rp 49.000, selama persediaan masih ada.",
        "Tukar poin Anda sebelum akhir bulan agar tidak hangus.",
        "Resep pekan ini: soto ayam bening dengan koya dan jeruk limau.",
        "“Barangnya sampai keesokan hari,” tulis Ibu Wulan dari Bandung.",
        "Petugas kami siap membantu setiap hari pukul 08.00—21.00 WIB.",
        "Jangan pernah memberikan kode kepada siapa pun, termasuk petugas kami.",
        "Pembayaran dapat dilakukan lewat transfer, dompet digital, atau di tempat.",
        "Kualitas naik kelas: kafé, jalapeño, crème brûlée, semua ada.",
        "Baca cerita lengkapnya di situs kami.",
    ),
    "en": (
        "Thank you for being with us from the start.",
        "This week we picked the things that you look at most.",
        "Delivery is free on Java, on Bali and in parts of Sumatra.",
        "Prices begin at IDR 49,000 as long as stocks last.",
        "Use your points before the end of the month, or they are gone.",
        "Recipe of the week: clear chicken soto with koya and lime.",
        "It arrived the next day, writes a customer from Bandung.",
        "Our people are there for you every day from 8 to 21 o'clock.",
        "Never tell a code to anybody, not even to us.",
        "Pay by transfer, by wallet, or at your door.",
        "Read the whole story on our site.",
    ),
}


def paragraphs(language: str, octets: int, chance: Random) -> list[str]:
    """Paragraphs of together about that many octets, at least one."""
    rows = _stock(language)
    average = sum(map(len, rows)) // len(rows)
    return chance.choices(rows, k=max(1, octets // average))


@cache
def _stock(language: str) -> tuple[str, ...]:
    """Ready paragraphs: to join sentences anew for each message took half its time."""
    chance = Random(language)
    rows = SENTENCES[language]
    return tuple(" ".join(chance.choices(rows, k=4)) for _ in range(STOCK))
