import pytest

from core.phones import read_phone, region_of


@pytest.mark.parametrize(
    ("typed", "region", "text", "known"),
    [
        ("138 0013 8000", "CN", "+86 138 0013 8000", True),
        ("００１３８００１３８０００", "CN", "００１３８００１３８０００", True),
        ("010-62771234 转 8001", "CN", "+86 10 6277 1234 ext. 8001", True),
        ("tel:+1-418-656-9254;ext=102", None, "+1 418-656-9254 ext. 102", True),
        ("0049 (0)30 / 074321", "DE", None, True),
        ("+1 360-119-5330", "DE", "+1 360-119-5330", True),
        ("extension only", "DE", "extension only", False),
        ("12", "DE", "12", False),
        ("+999 12", "DE", "+999 12", False),
        ("", "DE", "", True),
    ],
)
def test_phone_has_one_form(typed, region, text, known):
    phone = read_phone(typed, region)

    if text is not None and text.isascii():
        assert phone == (text, known)
    assert read_phone(phone.text, region) == phone


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("Germany", "DE"),
        ("德国", "DE"),
        ("Allemagne", "DE"),
        ("UK", "GB"),
        ("us", "US"),
        ("Mars", None),
    ],
)
def test_country_is_known_by_its_name(country, region):
    assert region_of(country) == region
