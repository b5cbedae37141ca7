"""Reading to the end of a run that lets some lists go."""

from collections.abc import Iterator

import pytest

from workers.networks.shape import Failure, Page, Reason


def with_gaps(pages: Iterator[Page]) -> list[Page]:
    """All pages of a run whose end says that it is incomplete."""
    found: list[Page] = []
    with pytest.raises(Failure) as failure:  # noqa: PT012 - what came before the failure is wanted, too
        for page in pages:
            found.append(page)  # noqa: PERF402 - kept one by one, since a failure ends them
    assert failure.value.reason == Reason.INCOMPLETE
    assert found[-1] == Page((), None)  # the place is forgotten, so that the next run reads everything again
    return found
