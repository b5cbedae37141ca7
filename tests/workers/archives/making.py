"""Makes archives as networks make them, of invented people, and hostile ones as nobody should."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

TODAY = date(2026, 11, 22)


def packed(files: Mapping[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def tweet(
    number: int, day: date, likes: object = "3", reposts: object = "1", text: str = "Die Bienen sind da"
) -> object:
    """A post as `tweets.js` has it."""
    return {
        "tweet": {
            "id_str": str(number),
            "created_at": f"{day:%a %b %d} 10:00:00 +0000 {day:%Y}",
            "favorite_count": likes,
            "retweet_count": reposts,
            "full_text": text,
            "entities": {"hashtags": [], "user_mentions": [], "urls": []},
        }
    }


def tweets(*posts: object, part: int = 0) -> str:
    """The file `tweets.js`."""
    return f"window.YTD.tweets.part{part} = {json.dumps(posts, indent=2)}\n"


def x_archive(*posts: object, **more: str) -> bytes:
    """An archive of X with files that nobody has to open."""
    return packed(
        {
            "Your archive.html": "<html></html>",
            "data/account.js": 'window.YTD.account.part0 = [{"account": {"username": "mira_x"}}]',
            "data/direct-messages.js": "window.YTD.direct_messages.part0 = [ this would not even parse",
            "data/tweets.js": tweets(*posts),
            **{name.replace("__", "/").replace("_js", ".js"): text for name, text in more.items()},
        }
    )


def insight(seconds: int, **said: str) -> object:
    """A post as Instagram's insights have it; labels with `_` for a space."""
    return {
        "media_map_data": {"Media Thumbnail": {"uri": "media/1.jpg", "creation_timestamp": seconds, "title": "Beet"}},
        "string_map_data": {
            label.replace("_", " "): {"href": "", "value": value, "timestamp": 0} for label, value in said.items()
        },
    }


def instagram_archive(*posts: object) -> bytes:
    """An archive of a professional account."""
    return packed(
        {
            "logged_information/past_instagram_insights/posts.json": json.dumps({"organic_insights_posts": posts}),
            "your_instagram_activity/media/posts_1.json": json.dumps([{"media": [], "creation_timestamp": 1}]),
            "your_instagram_activity/messages/inbox/paul_1/message_1.json": "never opened",
        }
    )


def table(*sheets: Sequence[Sequence[str]], shared: bool = True) -> bytes:
    """A spreadsheet; with `shared` texts stand in their own table, as most programs write them."""
    texts: list[str] = []

    def cell(place: str, text: str) -> str:
        if not shared:
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
        texts.append(text)
        return f'<c r="{place}" t="s"><v>{len(texts) - 1}</v></c>'

    files = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}
    for number, rows in enumerate(sheets, 1):
        body = "".join(
            f'<row r="{line}">'
            + "".join(cell(f"{'ABCDEFGHIJ'[column]}{line}", text) for column, text in enumerate(row) if text)
            + "</row>"
            for line, row in enumerate(rows, 1)
        )
        files[f"xl/worksheets/sheet{number}.xml"] = f"<worksheet><sheetData>{body}</sheetData></worksheet>"
    files["xl/sharedStrings.xml"] = "<sst>" + "".join(f"<si><t>{escape(text)}</t></si>" for text in texts) + "</sst>"
    return packed(files)


def linkedin_table(*rows: Sequence[str], shared: bool = True) -> bytes:
    """The analytics table of LinkedIn: two lists side by side, by engagements and by impressions."""
    heads = ["Post URL", "Post publish date", "Engagements", "", "Post URL", "Post publish date", "Impressions"]
    top = [["Maximum of 50 posts available to include in this list"], [], heads]
    return table(
        [["Overall Performance", "8/24/2026 - 11/22/2026"], ["Impressions", "9,000"]],
        [["Date", "Impressions", "Engagements"], ["11/3/2026", "300", "12"]],
        [*top, *([*row, "", row[0], row[1], "777"] for row in rows)],
        shared=shared,
    )
