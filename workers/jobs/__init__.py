"""The jobs that workers run, by name: each takes opaque ids, may run twice, asks consent when it starts and writes."""

from workers.jobs.archiving import clear_archives, read_archive
from workers.jobs.auditing import recompute, recount
from workers.jobs.certifying import certify
from workers.jobs.checking import check_day
from workers.jobs.comparing import compare
from workers.jobs.connecting import look_up, prove
from workers.jobs.counting import count
from workers.jobs.erasing import erase
from workers.jobs.expiring import expire
from workers.jobs.mailing import send_mail
from workers.jobs.mentioning import verify_webmention
from workers.jobs.reading import collect
from workers.jobs.requesting import carry_out_request, look_up_request, prove_request
from workers.jobs.scoring import fold, score, score_day

__all__ = [
    "carry_out_request",
    "certify",
    "check_day",
    "clear_archives",
    "collect",
    "compare",
    "count",
    "erase",
    "expire",
    "fold",
    "look_up",
    "look_up_request",
    "prove",
    "prove_request",
    "read_archive",
    "recompute",
    "recount",
    "score",
    "score_day",
    "send_mail",
    "verify_webmention",
]
