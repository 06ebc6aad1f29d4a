"""Which language an answer speaks: the client's own, or the one that the request asks for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from cds_service.answering.offers import Offered, card_context
from cds_service.clients.commands import in_one_line
from cds_service.clients.registered import Client, KeySource, TrialOffer
from cds_service.hooks.call import HookCall
from cds_service.recruitment.states import TrialState
from cds_service.web.languages import language_for
from mappings.definitions import load_catalog
from mappings.language import LANGUAGES
from tests.hooks.calling import fire
from tests.language.charts import CHINESE
from tests.registered.conftest import NewHospital
from tests.registered.hospital import ISSUER, candidate, registered
from tests.service import charts
from tests.service.conftest import cards_of

WANTED = [
    # Accept-Language, the language of the answer
    ("", "en"),
    ("*", "en"),
    ("en", "en"),
    ("en-US,*", "en"),
    ("en-GB,en;q=0.9", "en"),
    ("zh-Hans", "zh-Hans"),
    ("zh", "zh-Hans"),
    ("zh-CN", "zh-Hans"),
    ("ZH-cn", "zh-Hans"),
    ("zh_CN", "zh-Hans"),
    ("zh-SG", "zh-Hans"),
    ("zh-Hans-TW", "zh-Hans"),
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
    ("en;q=0.8,zh-CN", "zh-Hans"),
    ("en,zh-CN;q=0.9", "en"),
    ("de-DE,de;q=0.9,zh;q=0.3", "zh-Hans"),
    ("de-DE,de;q=0.9", "en"),
    # Traditional characters are not ours: the next wish counts
    ("zh-TW", "en"),
    ("zh-Hant", "en"),
    ("zh-HK,zh;q=0.5", "zh-Hans"),
    ("zh-Hant-TW,en;q=0.5", "en"),
    # what is refused, and what makes no sense
    ("zh;q=0", "en"),
    ("zh;q=0,*", "en"),
    ("zh;q=high", "en"),
    (",,;;", "en"),
    ("x" * 5000, "en"),
    ("zhx", "en"),
]


@pytest.mark.parametrize(("header", "tag"), WANTED)
def test_without_a_registered_language_the_request_decides(header: str, tag: str) -> None:
    accepted = parse_accept_header(header, LanguageAccept)
    assert language_for(None, accepted).tag == tag
    assert language_for(Client("a"), accepted).tag == tag
    assert language_for(Client("a", language="from-request"), accepted).tag == tag


@pytest.mark.parametrize("header", ["", "en-US,*", "zh-CN", "de"])
@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_registered_language_holds_whatever_the_request_says(tag: str, header: str) -> None:
    accepted = parse_accept_header(header, LanguageAccept)
    assert language_for(Client("a", language=tag), accepted).tag == tag


def test_the_check_of_a_registration_says_its_language() -> None:
    keys = KeySource("https://ehr.example/jwks.json")
    assert "; cards in zh-Hans" in in_one_line(Client("a", keys=keys, language="zh-Hans"))
    assert "cards in" not in in_one_line(Client("a", keys=keys))


def in_language(client: FlaskClient, tag: str, hook: str = "patient-view") -> Any:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = tag
    return fire(client, hook)


def test_a_hook_is_answered_in_the_language_asked_for_and_says_so(client: FlaskClient) -> None:
    english, chinese = (in_language(client, tag) for tag in ("en", "zh-CN"))
    assert english.headers["Content-Language"] == "en"
    assert chinese.headers["Content-Language"] == "zh-Hans"
    [ours], [theirs] = cards_of(chinese), cards_of(english)
    assert theirs["summary"].startswith("Possible candidate")
    assert ours["summary"].startswith("可能的候选患者")
    assert "病历读取日期：2026年" in ours["detail"]
    assert [one["code"] for one in ours["overrideReasons"]] == [
        one["code"] for one in theirs["overrideReasons"]
    ]


def test_why_a_card_comes_with_an_order_is_said_in_its_language(client: FlaskClient) -> None:
    [card] = cards_of(in_language(client, "zh", "order-sign"))
    assert card["detail"].splitlines()[0] == "提示原因：正在开具泼尼松。"


def test_the_state_of_recruitment_is_said_in_its_language() -> None:
    trial = load_catalog().trial("NCT06920433")
    call = HookCall("", "p1", "Practitioner/dr1")
    state = TrialState(True, "", trial.recruitment)
    offered = Offered(trial, TrialOffer(trial.id, contact="风湿免疫科研究办公室"))
    context = card_context(offered, state, call, date(2026, 6, 15), language=CHINESE)
    assert context.language is CHINESE
    assert context.recruitment_line == "招募中（据2025年11月14日的注册信息副本）"
    assert context.contacts[0] == "风湿免疫科研究办公室"


def test_discovery_speaks_it_too_and_may_be_cached_for_each_language(client: FlaskClient) -> None:
    answers = {tag: client.get("/cds-services", headers={"Accept-Language": tag}) for tag in ("en", "zh-CN")}
    english, chinese = answers["en"], answers["zh-CN"]
    assert chinese.headers["Content-Language"] == "zh-Hans"
    assert "Accept-Language" in chinese.headers["Vary"]
    assert chinese.headers["ETag"] != english.headers["ETag"]
    for ours, theirs in zip(chinese.get_json()["services"], english.get_json()["services"], strict=True):
        assert ours["title"] != theirs["title"]
        assert "提示" in ours["description"]
        assert "预取" in ours["usageRequirements"]
        for kept in ("id", "hook", "prefetch"):
            assert ours[kept] == theirs[kept]
    again = client.get(
        "/cds-services", headers={"Accept-Language": "en", "If-None-Match": chinese.headers["ETag"]}
    )
    assert again.status_code == 200, "what is known in Chinese is not known in English"


def test_a_refusal_stays_in_english(client: FlaskClient) -> None:
    answer = client.post(charts.SERVICE, json={}, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 400
    assert "hookInstance" in answer.text
    assert answer.text.isascii()


def test_a_client_of_a_chinese_hospital_gets_chinese_and_its_answers_are_kept_as_ever(
    new_hospital: NewHospital,
) -> None:
    hospital = new_hospital(clients=[registered("hangzhou", ISSUER, language="zh-Hans")])
    answer = hospital.open_chart()
    assert answer.headers["Content-Language"] == "zh-Hans"
    [card] = answer.get_json()["cards"]
    assert card["summary"].startswith("可能的候选患者")
    assert hospital.answer(card).status_code == 200, "an accepted referral, whatever its words"
    assert hospital.cards(user="Practitioner/other") == [], "nobody else is shown an accepted referral"


def test_a_card_that_comes_back_says_why_in_its_language(new_hospital: NewHospital) -> None:
    hospital = new_hospital(clients=[registered("hangzhou", ISSUER, language="zh-Hans")])
    [card] = hospital.cards(prefetch={**candidate(), "observations-1": charts.bundle()})
    hospital.answer(card, "not-now")
    [back] = hospital.cards()
    assert back["detail"].splitlines()[0] == "再次提示，因为现在又符合：蛋白尿。"
