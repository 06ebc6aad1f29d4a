"""What people read when they sign in, and when they may not see something."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.signing_in.staff import Role
from mappings.language import message

ROLES: Mapping[Role, str] = {
    Role.CLINICIAN: message("Clinician"),
    Role.COORDINATOR: message("Study coordinator"),
    Role.INVESTIGATOR: message("Investigator"),
    Role.READ_ONLY: message("Read only"),
    Role.ADMINISTRATOR: message("Administrator"),
}

SIGN_IN = message("Sign in")
SIGN_OUT = message("Sign out")
SIGNED_OUT = message("You are signed out")
SIGNED_OUT_TEXT = message(
    "Your organization's own sign-in may still be open. On a computer that others use, close the browser too."
)
SIGNED_IN = message("You are signed in")
SIGNED_IN_TEXT = message("No page is yours alone. Open a worksheet from the link on a card.")
DEMO_TITLE = message("Sign in to the demo")
DEMO_TEXT = message(
    "These accounts exist in demo mode only, without a password. Every patient here is invented."
)
DEMO_MARK = message("Demo")
DEMO_NAMES: Mapping[Role, str] = {
    Role.COORDINATOR: message("Demo coordinator"),
    Role.INVESTIGATOR: message("Demo investigator"),
    Role.READ_ONLY: message("Demo reader"),
    Role.ADMINISTRATOR: message("Demo administrator"),
    Role.CLINICIAN: message("Demo clinician"),
}
DEMO_MEANINGS: Mapping[Role, str] = {
    Role.COORDINATOR: message("Sees referrals, moves them on, writes notes and exports the list."),
    Role.INVESTIGATOR: message("Sees referrals, moves them on and writes notes."),
    Role.READ_ONLY: message("Sees referrals and changes nothing."),
    Role.ADMINISTRATOR: message("Sees how the service does, and no patient."),
    Role.CLINICIAN: message("Opens worksheets from links on cards."),
}

NO_SIGN_IN = message("There is no sign-in here")
NO_SIGN_IN_TEXT = message(
    "This service was set up without a sign-in of study staff, so these pages are closed. Whoever runs it "
    "can open them with the setting TRIALHOOK_STAFF."
)
NEEDS_SIGN_IN = message("Sign in first")
NEEDS_SIGN_IN_TEXT = message(
    "You are not signed in, or your session ended after a time without use. Nothing was changed. Sign in, "
    "then do it again."
)
NOT_ALLOWED = message("Your role does not allow this")
NOT_ALLOWED_TEXT = message(
    "You are signed in, but this needs another role. Ask whoever manages the study's staff."
)
NOT_HERE = message("There is nothing here for you")
NOT_HERE_TEXT = message("It does not exist, is over, or belongs to a trial or a site that is not yours.")
NO_GRANT = message("You may not use these pages yet")
NO_GRANT_TEXT = message(
    "You are known to your organization, but no trial and no site is assigned to you here. Ask the "
    "coordinator of your trial, or whoever runs this service, to add you to its staff file."
)
NOT_COMPLETED = message("The sign-in was not completed")
NOT_COMPLETED_TEXT = message(
    "It took too long, was started in another window, or was used already. Please start again."
)
CANCELLED_TEXT = message("Your organization's sign-in ended without letting you in. Please start again.")
PROVIDER_AWAY = message("Your organization's sign-in cannot be reached")
PROVIDER_AWAY_TEXT = message("Nothing is wrong with your account. Try again in some minutes.")
