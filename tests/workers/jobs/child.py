"""A process of its own that runs one job at a given time, to be killed in the middle of it.

python -m tests.workers.jobs.child JOB ID MOMENT; the settings come from the environment.
"""

import sys
from datetime import datetime

import privacy.consent
import server.models
from workers import jobs
from workers.runtime.process import Process, bind
from workers.runtime.settings import read

LOADED = (privacy.consent, server.models)

if __name__ == "__main__":
    name, id_, moment = sys.argv[1:]
    now = datetime.fromisoformat(moment)
    bind(Process(read(), lambda: now))
    getattr(jobs, name)(id_)
