"""The languages in which cards and review sheets speak: English as written, others by gettext catalogues."""

from mappings.language.language import ENGLISH, LANGUAGES, Language, language, message

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language", "message"]
