"""The words of a text, in every script: what both kinds of names are cut by."""

from __future__ import annotations

import re

# Vowel signs of Indian and Thai script are marks, not letters, and belong to the word all the same.
WORDS = re.compile("[\\w\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e]+")
QUOTES = re.compile('["\u201c\u201d\u00ab\u00bb\u201e]')
ARTICLE = "\u0627\u0644"
"""The Arabic article, which is written together with its word."""
ARTICLE_BEFORE = re.compile("^(?:\u0648?\u0627\u0644|\u0644\u0644)(?=.{2})")
