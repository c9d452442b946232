"""Whether the payee is who it is said to be."""

from __future__ import annotations

from features.catalog.payments.views import NAMES
from features.columns.texts import SCRIPT_WORDS
from features.definitions import F, Own, unless

PAYEE_FEATURES: tuple[F, ...] = (
    F(
        "creditor_name_is_new",
        unless(NAMES.known()),
        "flag",
        "payee name",
        "this account never received under this creditor name before",
        "One account under many names is a collector's; a changed name marks invoice fraud.",
        otherwise="this account received under this creditor name before",
        version=2,
    ),
    F(
        "creditor_names_30d",
        NAMES.distinct("30d"),
        "count",
        "payee name",
        "this account received under {value} names in the 30 days before",
        "One account under many names is a collector's.",
        version=2,
    ),
    F(
        "payee_verification",
        Own("payee_verification"),
        "code",
        "payee name",
        "verification of payee answered: {value}",
        "The creditor's name does not fit the account: invoice fraud or a mule.",
        "payee was not verified",
        words=("match", "close match", "no match"),
    ),
    F(
        "creditor_script",
        Own("creditor_script"),
        "code",
        "payee name",
        "the creditor's name is written in: {value}",
        "Letters of another script that look alike pass for a known name.",
        "no creditor name given",
        words=SCRIPT_WORDS,
    ),
    F(
        "unnamed_parties",
        Own("unnamed_parties"),
        "count",
        "payee name",
        "{value} of the two parties are not named",
        "A transfer must carry payer and payee (FATF Recommendation 16); gaps hide who is behind "
        "it.",
    ),
    F(
        "creditor_scheme",
        Own("creditor_scheme"),
        "code",
        "payee name",
        "the creditor's account is: {value}",
        "Value leaves to a wallet or a card where no bank can call it back.",
        "kind of account not given",
        words=(
            "an IBAN",
            "a national account number",
            "a card",
            "a wallet",
            "a merchant",
            "another kind",
        ),
    ),
)
