"""Whether a sentence can hold a cue at all: most hold none, and this is far cheaper than the patterns."""

from __future__ import annotations

import re

from mappings.reading.pathology.cues.signs import has_one_of, vocabulary_of
from mappings.reading.pathology.cues.years import other_years

_WHOLE = """
    as no not none nor free lack ohne sin sans pas hx ago nil nein at used from last old may vs or past bx
    prev hist esrd eskd son twin poss prob susp dd ddx dx d st stp stn s r h like akin to in for type
    work pre tbc nie ni bek seit hace eher evtl kann wie aunt hija hijo al vor long pmh pmhx como can
    nephew nephews void mom mum dad fh fhx na less low x work
"""
_WORDS = frozenset(_WHOLE.split())
_FIRST_LETTERS = """
    aunt sons twin long klin ausw pari vora plea pret work shor per repo
    with neve neit deni nega abse lack excl rule ruli fail rath inst agai unli insu inad kein nich niem
    wede ausg auss ausz stat gege nunc ning desc ause cann reje refu dism disp moth fath sist brot sibl
    pare uncl cous daug niec rela spec gran husb wife dono fami mate pate mutt vate schw brud tant onke
    toch sohn zwil verw madr padr herm abue dona prev prio earl firs init outs orig base vorb voru erst
    bios exte letz form hist sinc remo prec else chil befo pret preb back trea ther foll biop subm reas
    diag tran conv prog evol swit chan comp clin indi refe zust beka frue fruh vord vorg vorm vorh ehem
    dama sein anam frem frag einw zuwe verg ante cono moti know esta carr poss prob susp sugg coul migh
    vers eith diff favo like pres bord equi inde pend quer unce doub perh mayb whet woul seem pote thou
    assu hypo conc worr remi mimi simu masq imit simi eval patt leas most prov tent cons appr rese ques
    unpr unco verd mogl moeg wahr verm ehes even konn durf sche ersc mind unkl unsi ahnl hinw zwei uber
    sosp posi suge sugi podr pued pudi duda dudo duds fren
    with retr resc revo canc erro mist disf impr inco null unwa prel betw defi acco step part spou boyf girl
    gran chil preo prep preb work clin void
"""
_INDE = "inde"
_BEGINNINGS = frozenset(_FIRST_LETTERS.split()) - {_INDE}
_ABBREVIATED = re.compile(r"\b[a-z]{1,2}\.\s?[a-z]\.|\bn/a\b|\[\s?\]|\(\s\)")
_INITIALS = re.compile(r"\.\s?[a-z]\.")
_SIGNS_OF_ABBREVIATED = ("n/a", "[", "( ", "(\n")
"""One of these, or initials, is in every text in which something abbreviated is found."""


def may_hold_a_cue(sentence: str) -> bool:
    """False if no cue can match in the sentence."""
    return has_a_word_of_cues(sentence) or bool(other_years(sentence))


def has_a_word_of_cues(text: str) -> bool:
    """False if no cue can match in the text, nor in any sentence of it, but for a year."""
    lower = text.lower()
    if not text.isascii() or "?" in lower or "->" in lower or "n't" in lower or _is_abbreviated(lower):
        return True
    words, beginnings = vocabulary_of(text)
    if not _WORDS.isdisjoint(words) or not _BEGINNINGS.isdisjoint(beginnings):
        return True
    # An "index biopsy" is an earlier one, an "activity index" is in every other report.
    return _INDE in beginnings and ("biops" in lower or any(word[:4] == _INDE for word in words - {"index"}))


def _is_abbreviated(lower: str) -> bool:
    may_be = _INITIALS.search(lower) is not None or has_one_of(_SIGNS_OF_ABBREVIATED, lower)
    return may_be and _ABBREVIATED.search(lower) is not None
