import msgspec
import pytest

from sinyal.api.description import FACTS, chosen, described, sample
from sinyal.api.errors import ApiError
from sinyal.events.codec import decode_line, encode_line
from sinyal.events.event import Event
from sinyal.events.fields import EVENT_TYPES


@pytest.mark.parametrize("row", EVENT_TYPES)
def test_every_sample_is_an_event_that_ingest_takes(row):
    event = decode_line(encode_line(sample(row)))
    assert isinstance(event, Event)
    assert event.type == row.name
    assert FACTS.keys() <= {known.name for known in EVENT_TYPES}


@pytest.mark.parametrize("row", EVENT_TYPES)
def test_every_type_tells_its_fields_in_the_spelling_of_each_side(row):
    searched, sent = described(row, is_ingest=False), described(row, is_ingest=True)
    assert searched["type"]["sampleValue"] == row.name
    assert sent["type"]["sampleValue"] == row.wire
    assert searched["display_name"]["sampleValue"]
    assert sent["event_id"]["required"]
    assert "customer_id" in searched
    assert "customer_id" not in sent
    assert msgspec.json.encode([searched, sent])


def test_samples_are_chosen_by_name():
    assert [row.name for row in chosen("click,bounce")] == ["bounce", "click"]
    assert len(chosen("")) == len(EVENT_TYPES)
    with pytest.raises(ApiError):
        chosen("nonsense")
