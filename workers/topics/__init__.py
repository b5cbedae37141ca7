"""What a post is about: an own taxonomy in German and English, and the giving of topics; knows no table, no network.

Texts come in as arguments and are forgotten; nothing here remembers a word of a post (R10).
"""
