"""What all pages say: the frame around them, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

SKIP = message("Skip to the content")
PRODUCT = message("Trialhook")
NAVIGATION = message("Pages")
ACCOUNT = message("Your account")
LANGUAGE = message("Language")
FOOTER = message("A possible candidate is not an eligible one: consent and clinical judgement decide.")

FORM_TOO_OLD = message("This form can no longer be used")
FORM_TOO_OLD_TEXT = message(
    "It was opened before you signed in or out, or in another window. Nothing was changed. Open the page "
    "again and repeat what you did."
)
TO_THE_START = message("To the start")
OTHER_FAULT = message("The request was refused")
OTHER_FAULT_TEXT = message("Nothing was changed. Go back and try again.")

BY_STATUS: Mapping[int, tuple[str, str]] = {
    403: (message("You may not open this"), message("Go back, or sign in with another account.")),
    404: (
        message("There is no such page"),
        message("The address is wrong, or what it led to is over."),
    ),
    405: (message("This address cannot be opened so"), message("Go back and use the buttons of the page.")),
    413: (message("That was too much at once"), message("Nothing was changed. Send less text.")),
    429: (message("Too many requests"), message("Wait a minute, then try again.")),
    500: (
        message("Something went wrong here"),
        message(
            "It is not your fault, and nothing is known about the patient from this page. Tell whoever runs "
            "this service when it happened."
        ),
    ),
    503: (
        message("The service cannot read its records just now"),
        message("Nothing was changed. Try again in half a minute."),
    ),
}
