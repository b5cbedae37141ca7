"""A second version of the model, invented for tests only."""

import copy
from datetime import date, timedelta
from typing import Any

from workers.scoring.model import published


def second(starts: date) -> dict[str, Any]:
    """A publication in which replies weigh more, announced thirty days before it starts."""
    document = copy.deepcopy(dict(published("klarwert-1")["document"]))
    document["id"] = "invented-2"
    document["weights"]["reply"] = 9
    return {
        "announced": (starts - timedelta(days=30)).isoformat(),
        "starts": starts.isoformat(),
        "document": document,
    }
