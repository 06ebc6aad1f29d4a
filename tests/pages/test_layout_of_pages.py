"""What all pages have: headers, language, a frame; and what no template may hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from cds_service.pages import static_files
from mappings.language import LANGUAGES
from tests.pages.browser import Browser, words_of

PACKAGES = Path(__file__).parents[2] / "cds_service"
TEMPLATES = [
    path
    for path in sorted(PACKAGES.glob("*/templates/*.html"))
    if path.name == "layout.html" or 'extends "layout.html"' in path.read_text(encoding="utf-8")
]
STYLES = [path for path in sorted(PACKAGES.glob("*/static/*.css")) if path.parts[-3] != "demo"]


def test_a_page_lets_a_browser_do_nothing_but_show_it(browser: Browser) -> None:
    headers = browser.get("/sign-in").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Permissions-Policy"].startswith("camera=()")
    assert headers["Cache-Control"] == "no-store"


def test_answers_to_programs_have_the_headers_that_they_had(browser: Browser) -> None:
    headers = browser.get("/healthz").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "Permissions-Policy" not in headers


# --- language


@pytest.mark.parametrize(
    ("accepted", "asked", "spoken"),
    [
        ("", "", "en"),
        ("zh-CN,en;q=0.5", "", "zh-Hans"),
        ("zh-CN", "en", "en"),
        ("en", "zh-Hans", "zh-Hans"),
        ("zh-CN", "xx", "zh-Hans"),
        ("zh-CN", '"><script>', "zh-Hans"),
    ],
)
def test_a_page_speaks_the_language_that_is_asked_for(
    browser: Browser, accepted: str, asked: str, spoken: str
) -> None:
    path = "/signed-out" + (f"?language={asked}" if asked else "")
    answer = browser.get(path, **{"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == spoken
    assert f'<html lang="{spoken}">' in answer.text
    assert ("Set-Cookie" in answer.headers) == (asked in LANGUAGES), "nothing else is kept"


def test_a_choice_stays_and_can_be_changed(browser: Browser) -> None:
    browser.get("/signed-out?language=zh-Hans")
    assert browser.get("/signed-out").headers["Content-Language"] == "zh-Hans"
    browser.sign_in("clinician")
    assert browser.get("/start").headers["Content-Language"] == "zh-Hans"
    browser.get("/start?language=en")
    assert browser.get("/start").headers["Content-Language"] == "en"


def test_the_switch_keeps_what_else_the_address_said(browser: Browser) -> None:
    page = browser.get("/sign-in?next=/start&language=en").text
    assert 'href="/sign-in?next=%2Fstart&amp;language=zh-Hans"' in page
    assert page.count("language=en") == 1


def test_nobody_is_offered_to_repeat_what_came_back_from_a_sign_in(browser: Browser) -> None:
    assert "language=" not in browser.get("/sign-in/callback?state=x&code=y").text
    assert "language=" not in browser.post("/sign-in/local", account="nobody").text


# --- the frame


def test_the_frame_says_who_is_signed_in_and_lets_them_out(browser: Browser) -> None:
    before, after = browser.get("/signed-out").text, browser.sign_in("coordinator").first_page()
    assert "Sign out" not in before
    assert "Demo coordinator" in after
    assert "Study coordinator" in after
    assert '<form method="post" action="/sign-out">' in after


def test_a_page_can_be_used_by_keyboard_and_screen_reader(browser: Browser) -> None:
    page = browser.get("/sign-in").text
    assert '<a class="skip" href="#content">' in page
    assert '<main id="content"' in page
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert page.index('class="skip"') < page.index("<header")


def test_demo_mode_is_plainly_marked(browser: Browser) -> None:
    words = words_of(browser.get("/sign-in").text)
    assert words.count("Demo ") >= 6
    assert "without a password" in words


# --- static files


def test_a_static_file_is_kept_for_good_under_its_digest(browser: Browser) -> None:
    page = browser.get("/sign-in").text
    for name, kind in (("pages.css", "text/css"), ("trialhook.svg", "image/svg+xml")):
        path = re.findall(rf'"(/static/[0-9a-f]{{16}}/{name})"', page)[0]
        answer = browser.get(path)
        assert answer.status_code == 200
        assert answer.mimetype == kind
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


def test_under_another_digest_there_is_what_there_is_now_for_a_minute(browser: Browser) -> None:
    answer = browser.get("/static/0000000000000000/pages.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "name", ["none.css", "layout.html", "..%2fwords.py", "ehr.css", ".", "pages.css.map"]
)
def test_nothing_else_is_a_static_file(browser: Browser, name: str) -> None:
    assert browser.get(f"/static/x/{name}").status_code == 404


def test_two_packages_may_not_have_a_file_of_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("one", "two"):
        folder = tmp_path / package / "static"
        folder.mkdir(parents=True)
        (folder / "same.css").write_text("", encoding="utf-8")
    monkeypatch.setattr(static_files, "_PACKAGES", tmp_path)
    static_files.static_files.cache_clear()
    with pytest.raises(RuntimeError, match=r"same\.css"):
        static_files.static_files()
    static_files.static_files.cache_clear()


# --- templates and style sheets of all packages

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)|<iframe|<object|<embed|<base"
)
ELSEWHERE = re.compile(r"""(?:src|href|action|poster|data)=["']?(?:https?:)?//""")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert INLINE.findall(text) == []
    assert ELSEWHERE.findall(text) == []
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_words_of_a_language(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|alt|title|placeholder|data-label|value)="([^"]*)"', text)
    outside = re.sub(r"<[^>]*>", " ", text)
    assert [one for one in said if re.search(r"[A-Za-z]{2}", one) and not re.fullmatch(r"[a-z-]+", one)] == []
    assert re.findall(r"[^\W\d_]{2,}", re.sub(r"&[a-z]+;", " ", outside)) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_something_has_its_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    forms = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL | re.IGNORECASE)
    assert [form for form in forms if "csrf_field()" not in form] == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_a_style_sheet_fetches_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"url\((?!#)|@import|@font-face|expression\(", text) == []


# --- contrast (WCAG 2.2, 1.4.3 and 1.4.11)


def schemes() -> dict[str, dict[str, str]]:
    """The colours of the style sheet, in light and in dark."""
    text = (PACKAGES / "pages/static/pages.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
        for part in (text.split(":root {")[1].split("}")[0], text.split(":root {")[2].split("}")[0])
    )
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    bright, dim = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


TEXT = [
    *[(text, ground) for text in ("text", "quiet", "accent") for ground in ("ground", "surface", "sunken")],
    *[(one, f"{one}-ground") for one in ("good", "attention", "bad", "info")],
    *[("text", f"{one}-ground") for one in ("good", "attention", "bad", "info")],
    *[("bad", "surface"), ("bad", "ground"), ("on-accent", "accent"), ("on-accent", "accent-strong")],
]
EDGES = [
    ("edge", "surface"),
    ("edge", "ground"),
    ("focus", "ground"),
    ("focus", "surface"),
    ("accent", "surface"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("first", "second", "least"), [*((*pair, 4.5) for pair in TEXT), *((*pair, 3.0) for pair in EDGES)]
)
def test_what_is_to_be_read_stands_out(scheme: str, first: str, second: str, least: float) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[first], colours[second]) >= least


def test_the_pages_of_a_service_say_what_they_are_in_the_metrics(app: Flask, browser: Browser) -> None:
    browser.get("/signed-out")
    assert 'service="sign-in"' in browser.get("/metrics").text
