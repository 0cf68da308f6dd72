"""THE table of campaigns: job, subjects, sender, and how often each is sent."""

import msgspec


class Campaign(msgspec.Struct, frozen=True):
    """One row. `share` is its part of 100 messages; `subjects` Indonesian, English."""

    job: str
    share: int
    sender: str
    local_part: str
    subjects: tuple[str, ...]
    button: str


CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign(
        "Promo_Akhir_Pekan",
        34,
        "Toko Sinyal",
        "promo",
        (
            "Diskon akhir pekan hingga 70% — khusus untuk Anda",
            "Belanja hemat hari Sabtu & Minggu 🛒",
            "Weekend deals are here",
        ),
        "tombol-beli",
    ),
    Campaign(
        "newsletter-11",
        26,
        "Kabar Sinyal",
        "kabar",
        (
            "Kabar November: resep, cerita, dan tips",
            "Yang baru bulan ini — edisi ke-11",
            "What is new this month",
        ),
        "baca-lengkap",
    ),
    Campaign(
        "OTP",
        14,
        "Layanan Akun",
        "akun",
        (
            "Kode masuk Anda",
            "Your sign-in code",
        ),
        "buka-akun",
    ),
    Campaign(
        "resi/pesanan",
        14,
        "Toko Sinyal",
        "pesanan",
        (
            "Pesanan Anda sudah dikirim — Rp 149.000",
            "Your order is on its way",
        ),
        "lacak-pesanan",
    ),
    Campaign(
        "Kami_Rindu_Anda:2026",
        12,
        "Toko Sinyal",
        "halo",
        (
            "Lama tidak jumpa — ada hadiah kecil untuk Anda",
            "We miss you",
        ),
        "kembali",
    ),
)
