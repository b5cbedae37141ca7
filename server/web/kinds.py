"""The kinds of signals in the words that people read."""

from flask_babel import lazy_gettext as _

#: What somebody did.
KINDS = {
    "like": _("Like"),
    "mention": _("Mention"),
    "reply": _("Reply"),
    "repost": _("Repost"),
    "endorsement": _("Endorsement"),
    "quote": _("Quote"),
    "link": _("Link"),
    "audience": _("Followers"),
}
