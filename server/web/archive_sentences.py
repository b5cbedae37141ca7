"""Sentences about archives: how to get each, and why one gives nothing."""

from flask_babel import lazy_gettext as _

from workers.archives.found import Why

#: Steps to the file, by network.
HOW = {
    "linkedin": (
        _("Open LinkedIn on a computer and go to your profile, then to “Analytics” and “Post impressions”."),
        _("Choose the last 90 days and click “Export”. You get a table named like Content_….xlsx."),
        _("If your LinkedIn is in another language than English, switch it to English first: the headings differ."),
        _("Upload the table here. The ordinary archive (“Get a copy of your data”) has only reactions that you gave."),
    ),
    "x": (
        _("On X, open “Settings and privacy”, “Your account”, “Download an archive of your data”."),
        _("Wait for the message that the archive is ready; this takes a day or so. Download the ZIP file."),
        _("Upload it here. We open the list of your posts with their numbers, and nothing else."),
    ),
    "instagram": (
        _("Only professional accounts (business, creator) get numbers in their archive."),
        _("On Instagram, open “Accounts Center”, “Your information and permissions”, “Export your information”."),
        _("Choose “Customise information”, “Insights”, the format JSON, and English as your language."),
        _("Download the ZIP file and upload it here."),
    ),
    "google_plus": (
        _("Google+ was closed in 2019. If you still have the archive of that time (Takeout), you can upload it."),
        _("It gives no points: only reactions of the last 13 weeks count. We tell you so, and destroy the file."),
    ),
}

#: Why an archive gives nothing, and what helps.
WHY = {
    Why.NO_ARCHIVE: _("This file is no ZIP archive and no table. Please upload the file as you downloaded it."),
    Why.DAMAGED: _("The file is damaged. Please download it once more and try again."),
    Why.TOO_LARGE: _("There is too much in this file. Please have one made without pictures and videos."),
    Why.ENCRYPTED: _("The file is locked with a password. Please upload it without one."),
    Why.OTHER: _("This is not a file of this network, or not the one with the numbers. Please look at the steps."),
    Why.HTML: _("This archive was made for reading (HTML). Please have it made once more in the format JSON."),
    Why.NO_COUNTS: _(
        "The network put no numbers of reactions into this archive. Instagram does so only for professional accounts."
    ),
    Why.ONLY_GIVEN: _(
        "This archive has the reactions that you gave, and none that you received. The table from “Analytics” has them."
    ),
    Why.TOO_OLD: _(
        "We recognise this archive. Google+ was closed in 2019, so everything in it is older than 13 weeks: no points "
        "come of it."
    ),
    Why.NOT_PUBLIC: _("This account is protected. Only reactions to public posts count."),
    Why.NOTHING_NEW: _("There is no reaction to a post of the last 13 weeks in this file."),
    Why.BROKEN: _("Something went wrong on our side while reading. Please upload the file once more."),
}
