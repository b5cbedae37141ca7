"""Times of day as clocks show them where the organisation sits, and sizes of files."""

from datetime import UTC, datetime

import pytest

from server.services.figures import clock, size


@pytest.mark.parametrize(
    ("moment", "german", "english"),
    [
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "01.02.26, 00:30 MEZ", "01/02/2026, 00:30 CET"),
        (datetime(2026, 7, 31, 22, 30, tzinfo=UTC), "01.08.26, 00:30 MESZ", "01/08/2026, 00:30 CEST"),
        # The hour that comes twice: the name of the zone tells which.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25.10.26, 02:30 MESZ", "25/10/2026, 02:30 CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25.10.26, 02:30 MEZ", "25/10/2026, 02:30 CET"),
    ],
)
def test_a_moment_is_shown_as_clocks_there_show_it(moment: datetime, german: str, english: str) -> None:
    assert (clock(moment, "de"), clock(moment, "en_GB")) == (german, english)


@pytest.mark.parametrize(
    ("number", "german", "english"),
    [(302_200, "302,2 kB", "302.2 kB"), (1_000_000, "1,0 MB", "1.0 MB"), (4_200_000_000, "4.200,0 MB", "4,200.0 MB")],
)
def test_the_size_of_a_file_is_written_as_the_language_writes_numbers(number: int, german: str, english: str) -> None:
    assert (size(number, "de"), size(number, "en_GB")) == (german, english)
