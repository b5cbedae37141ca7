"""What each consent is about, in the words of pages and documents."""

from collections.abc import Mapping
from typing import NamedTuple

from privacy.vocabulary import Purpose
from server.services.words import catalogue


class PurposeWords(NamedTuple):
    """The words of one purpose; `%(network)s` stands for the network where there is one."""

    title: str
    about: str
    withdrawing: str


def purpose_words(language: str) -> Mapping[Purpose, PurposeWords]:
    """The words for every purpose, asked or not yet."""
    _ = catalogue(language).gettext
    nothing_else = _("If you withdraw this, it ends at once. Your score does not change.")
    words = {
        "scoring": PurposeWords(
            _("A score from your account on %(network)s"),
            _(
                "We read your public posts of the last 13 weeks and the public reactions to them, and make a score of "
                "them every day. With your name only you see it, as long as you allow nothing else."
            ),
            _(
                "If you withdraw this, we delete at once: your accounts on %(network)s here, all that was read from "
                "them, and each daily score that contains it. Your other networks go on."
            ),
        ),
        "recognition": PurposeWords(
            _("Your score decides how much your own reactions weigh"),
            _(
                "When you react to somebody who takes part here, your reaction counts up to twice. The other person "
                "sees that a reaction counts for more, but not that it was you, unless you allow that, too."
            ),
            _(
                "If you withdraw this, we delete at once all links between your account and your reactions. Your own "
                "score does not change."
            ),
        ),
        "topics": PurposeWords(
            _("What your posts are about"),
            _(
                "While your public posts are read, they are given topics, and you see which topics your points come "
                "from. Only you see it, and your score stays the same."
            ),
            _(
                "If you withdraw this, we delete at once all topics of your posts and the list of topics that you "
                "rejected. Your score does not change."
            ),
        ),
        "archives": PurposeWords(
            _("A number from your own archive of %(network)s"),
            _(
                "You upload the file that the network made for you. We take the numbers of reactions to your public "
                "posts of the last 13 weeks from it and destroy the file. The number stands beside your score, never "
                "in it."
            ),
            _(
                "If you withdraw this, we delete at once everything that came from your archive of %(network)s. Your "
                "score does not change."
            ),
        ),
        "named": PurposeWords(
            _("Others see that it was you who reacted"),
            _(
                "Somebody to whose post you reacted sees your account name with it, if they take part here. It works "
                "only if you also agreed that your score decides how much your own reactions weigh."
            ),
            nothing_else,
        ),
        "profile": PurposeWords(
            _("A public page with your score"),
            _("Everybody who has the address sees your score of the day. Search engines are asked not to list it."),
            _("If you withdraw this, the page is gone at once. Your score does not change."),
        ),
        "comparison": PurposeWords(
            _("Compare yourself with others here"),
            _(
                "Your score goes into an average of all who agreed to this, and you see where you stand. There is one "
                "only from 10 people up, and nobody sees your score."
            ),
            _("If you withdraw this, your score leaves the average at once, and you see it no more."),
        ),
        "lookup": PurposeWords(
            _("Organisations that you name may ask for your score"),
            _("Only those whom you released. You see each time that they asked, when and for what."),
            nothing_else,
        ),
        "perks": PurposeWords(
            _("Offers that fit your topics and your score"),
            _("The organisation may choose you for an offer. You see each look at your score, and accept or not."),
            _(
                "If you withdraw this, you get no more offers, and those that you took are deleted here at once. "
                "Your score does not change."
            ),
        ),
        "digest": PurposeWords(
            _("A mail about your week"),
            _("Once a week we send you your score and what changed it."),
            _("If you withdraw this, no more such mails are sent."),
        ),
    }
    return {Purpose(name): said for name, said in words.items()}
