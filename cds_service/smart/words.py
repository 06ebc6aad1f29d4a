"""What the pages around a launch say."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.language import message

CHOOSE_EHR = message("Open the worksheet")
CHOOSE_EHR_TEXT = message("Choose where the patient is. You sign in there and choose the patient.")
CHOOSE_TRIAL = message("Which trial?")
CHOOSE_TRIAL_TEXT = message("Several trials are open here. Choose the one whose worksheet you want to see.")
OPEN = message("Open")

TITLE = message("The worksheet was not opened")

BAD_LAUNCH = message(
    "This address opens the worksheet from within an EHR that is registered here. It was called in another "
    "way, or by an EHR that is not."
)
OVER = message(
    "This launch has been used already, took longer than ten minutes, or was begun in another browser. Go "
    "back to the chart and open the worksheet from there again."
)
DENIED = message(
    "The EHR did not give access. If you refused it by mistake, go back to the chart and open the worksheet "
    "again."
)
NO_PATIENT = message(
    "The EHR did not say which patient this is about. Open a chart first, then the worksheet."
)
NOT_A_CLINICIAN = message("The worksheet is for the care team. The EHR says that you are not part of it.")
NO_TRIAL = message("No trial is open for patients of this EHR at the moment.")
NOT_NOW = message(
    "The EHR did not answer in time. Wait a minute, then open the worksheet from the chart again."
)
SET_UP = message(
    "The EHR and this service do not fit together in the way they are set up. Tell whoever runs this service "
    "the time of it: the cause stands in its log."
)
NOT_TRUSTED = message(
    "What the EHR answered could not be checked, so it was not used. Go back to the chart and open the "
    "worksheet again; if it happens twice, tell whoever runs this service."
)

BY_CAUSE: Mapping[str, tuple[int, str]] = {
    "launch": (400, BAD_LAUNCH),
    "state": (400, OVER),
    "browser": (400, OVER),
    "denied": (403, DENIED),
    "grant_refused": (400, OVER),
    "no_patient": (400, NO_PATIENT),
    "not_a_clinician": (403, NOT_A_CLINICIAN),
    "no_trial": (404, NO_TRIAL),
    **dict.fromkeys(("unreachable", "too_slow", "broken_off", "server_failed", "too_busy"), (502, NOT_NOW)),
    **dict.fromkeys(
        (
            *("address_refused", "no_secure_connection", "redirected", "too_large", "not_json", "refused"),
            *("not_offered", "incomplete", "endpoint_refused", "no_pkce", "no_common_algorithm"),
            *("no_signing_keys", "client_refused", "scope_refused"),
        ),
        (502, SET_UP),
    ),
    **dict.fromkeys(
        (
            *("other_issuer", "token_unusable", "id_token_missing", "id_token_malformed"),
            *("id_token_algorithm", "id_token_key", "id_token_signature", "id_token_issuer"),
            *("id_token_audience", "id_token_expired", "id_token_nonce"),
        ),
        (502, NOT_TRUSTED),
    ),
}
"""For each cause the status and the text of its page. The cause itself is logged, not shown."""
