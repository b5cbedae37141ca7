"""The jobs that workers run, by name: each takes opaque ids, may run twice, asks consent when it starts and writes."""

from workers.jobs.checking import check_day
from workers.jobs.connecting import look_up, prove
from workers.jobs.erasing import erase
from workers.jobs.expiring import expire
from workers.jobs.mailing import send_mail
from workers.jobs.reading import collect
from workers.jobs.scoring import score, score_day

__all__ = ["check_day", "collect", "erase", "expire", "look_up", "prove", "score", "score_day", "send_mail"]
