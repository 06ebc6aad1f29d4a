"""Whether a sentence is in words that we can judge.

Cues are known in English and Chinese. A sentence with German or Spanish words is read only if each of its
words is one that we know, and a text in any other language not at all. Interpretation: rather unknown than
misread.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from mappings.reading.pathology.cues.signs import vocabulary_of

_WORD = re.compile(r"[^\W\d_]+")
_OTHER_SCRIPT = re.compile(
    "[\u0400-\u052f\u0590-\u06ff\u0900-\u0eff\u10a0-\u11ff\u3041-\u3096\u30a1-\u30fa\uac00-\ud7af]|[\u0370-\u03ff]{4}"
)
"""Cyrillic, Hebrew, Arabic, the scripts of India and Thailand, Georgian, Korean, Japanese, Greek words."""

_IN_OTHER_LANGUAGES = """
    classe classi lupique nephrite nefrite glomerulonefrite avec aucun aucune une dans chez ponction
    della senza nella uma nao compativel suspeita glomerulopathie nephropathie lupusnefritis lupusnefrit
    lupusnephrite geen niet een voor zonder nierbiopt biopt het bij klass och inte ingen ikke uten uden
    njurbiopsi nyrebiopsi nefrit nefritt misstanke mistanke klasa klasy trida tridy nerek nerki
    nefritida nefriti bobrek sinif clasa osztaly luokka kelas
"""
_OTHER_LANGUAGES = frozenset(_IN_OTHER_LANGUAGES.split())
_IN_SIGNS = """
    klasse klassen clase clases lupusnephritis lupusnephritiden nefritis lupica glomerulonefritis und
    mit bei nach eine einer nicht niere nierenbiopsie befund segun biopsia rinon una sospecha
    typ grad kl kein keine keinen ohne ist wurde vom aktivitatsindex chronizitatsindex tipo grado lupica
    con indice cronicidad muestra
"""
_SIGNS = frozenset(_IN_SIGNS.split())
"""Words that only German or Spanish reports have."""

_SHARED = """
    lupus nephritis glomerulonephritis class classes isn rps who nih sle ln gn ai ci a c g s i ii iii iv
    v vi diffuse focal global segmental index score full house in of with and or x b d
"""
_GERMAN = """
    klasse klassen typ lupusnephritis lupusnephritiden nach der die das des dem den ein eine einer einem
    eines und mit bei im von zu zum zur es sich ist sind handelt um liegt vor zeigt zeigen sowie
    entspricht entsprechend vereinbar passend gut als diffus diffuser fokal fokale fokaler segmentale
    globale proliferative proliferativer membranose membranoser membranoese mesangiale
    mesangioproliferative minimale sklerosierende fortgeschrittene aktive aktiver aktiven aktiv
    chronische chronischen chronisch akute floride gemischte kombinierte befund diagnose beurteilung
    ergebnis histologie histologisch histologische pathologie niere nieren nierenbiopsie nierenbiopsat
    nierenstanzbiopsie nierenstanze nierengewebe biopsie links rechts linke rechte glomeruli glomerulus
    glomerulare halbmonde halbmonden halbmondbildung zellulare zellularen zellularer fibrose fibrosen
    nekrosen nekrose fibrinoide endokapillare hyperzellularitat proliferation drahtschlingen
    veranderungen lasionen ohne aktivitat aktivitatsindex chronizitat chronizitatsindex punkte
    klassifikation revision revidierte modifizierte systemischer systemischem erythematodes ausgepragte
    massige massiger geringe geringer leichte leichter schwere schwerer tubulusatrophie interstitielle
    interstitieller jetzt jetzige aktuell aktuelle nun nicht kein keine keinen typ grad kl gn vom
    nachweis nachgewiesen bild findet finden nierenbiopsiezylinder nierenzylinder zylinder davon relevante
    relevanten relevanter extrakapillare extrakapillaren extrakapillarer sklerose sklerosiert
    sklerosierte sklerosierten fortgeschrittener floriden florider schweren diffusen segmental
    segmentaler segmentalen globaler globalen aktivitatsscore chronizitatsscore aktivitats chronizitats
    klassifizierung typischen typische lupusnephropathie membranoser endokapillarer ausgepragter
    fibrinoiden fibrinoider nekrotisierende nekrotisierender hyperzellular modifizierter insgesamt
    immunkomplex glomerulonephritiden thrombotische mikroangiopathie vaskulitis atrophie ca
"""
_SPANISH = """
    clase clases tipo nefritis lupica segun la el los las un una de del y e con en al por es se observa
    observan muestra identifica corresponde compatible compatibles consistente biopsia renal rinon
    diagnostico conclusion hallazgos difusa focal segmentaria global proliferativa proliferativas
    membranosa mesangial minima esclerosante avanzada activa activo activas cronica cronico cronicas
    mixta glomerulonefritis glomerulos semilunas celulares fibrosas lesiones sin necrosis fibrosis
    indice actividad cronicidad eritematoso sistemico les izquierdo derecho actual ahora clasificacion
    revisada modificada nl gn oms nefropatia tipo grado histologico histologica anatomopatologico lupico
    extracapilar extracapilares endocapilar endocapilares hipercelularidad asas alambre depositos
    subendoteliales subepiteliales inmunocomplejos esclerosis glomerulosclerosis global atrofia
    tubular intersticial microangiopatia trombotica segmentarias mesangiales mujer fibrinoide cilindros
    puntos sobre modificado percutanea corteza
"""
_KNOWN = frozenset(f"{_SHARED} {_GERMAN} {_SPANISH}".split())
_NAMES = frozenset(["sjogren", "schonlein", "naive", "behcet", "menetrier", "guillain"])
"""Words with foreign letters in English texts."""

_SURE = {"ø": "o", "ß": "ss", "\u0131": "i"}


class Languages(NamedTuple):
    """Of a text: whether it is in a language that is not read, and whether a sentence may not be English."""

    unread: bool
    may_be_mixed: bool


def is_unread(sentence: str, languages: Languages) -> bool:
    """Whether a sentence, or the whole text in these languages, is in words that we cannot judge."""
    if languages.unread or not languages.may_be_mixed:
        return languages.unread
    found = _plain_words(sentence)
    if not _SIGNS.isdisjoint(found):
        return not found <= _KNOWN
    return not sentence.isascii() and bool(_foreign(sentence) - _NAMES)


def languages_of(text: str) -> Languages:
    """What the words of a whole text tell of its languages."""
    if not text.isascii() and _OTHER_SCRIPT.search(text) is not None:
        return Languages(unread=True, may_be_mixed=True)
    found = _plain_words(text)
    may_be_mixed = not text.isascii() or not _SIGNS.isdisjoint(found)
    return Languages(not _OTHER_LANGUAGES.isdisjoint(found), may_be_mixed)


def _plain_words(text: str) -> frozenset[str]:
    """The words in small letters without accents; Chinese apart."""
    return (
        vocabulary_of(text).words
        if text.isascii()
        else frozenset(_WORD.findall(_without_accents(text.lower())))
    )


def _without_accents(text: str) -> str:
    replaced = "".join(_SURE.get(letter, letter) for letter in text)
    letters = unicodedata.normalize("NFD", replaced)
    return "".join(letter if letter < "\u0300" else " " * (letter > "\u036f") for letter in letters)


def _foreign(sentence: str) -> frozenset[str]:
    """Words with Latin letters that English has not."""
    words = [word for word in _WORD.findall(sentence.lower()) if any("\u00df" <= c <= "\u024f" for c in word)]
    return _plain_words(" ".join(words)) - _KNOWN
