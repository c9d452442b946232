"""A value that stands for somebody, and the fields that hold such values."""

from __future__ import annotations

import re

MARK = "Zelda0Marked0Unique"
PERSONAL = re.compile(
    "name|_account$|address|customer_id|user_id|device_id|session_id|remittance_text|user_agent"
    "|resource|uetr|end_to_end_id|attributes"
)
