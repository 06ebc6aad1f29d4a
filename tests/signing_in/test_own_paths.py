"""Nobody is led away from this service after a sign-in."""

from __future__ import annotations

import pytest

from cds_service.signing_in.own_paths import own_path


@pytest.mark.parametrize(
    "path",
    [
        "/start",
        "/worklist",
        "/worklist?state=referred&sort=-changed&page=2",
        "/worklist/AbC_-9",
        "/link/aaaa~b",
        "/worklist.csv",
    ],
)
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "worklist",
        "https://evil.example/worklist",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\\\\evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "/.//evil.example",
        "/worklist//evil.example",
        "/./worklist",
        "/../worklist",
        "/worklist/../../etc",
        "javascript:alert(1)",
        " /worklist",
        "/worklist#//evil.example",
        "/worklist?next=https://evil.example",
        "/worklist@evil.example",
        "/worklist\r\nSet-Cookie: a=b",
        "/ünïcode",
        "/" + "a" * 2000,
        "/sign-in",
        "/sign-in?next=/sign-in",
        "/sign-in/callback?code=x",
        "/sign-out",
        "/static/x/pages.css",
    ],
)
def test_anything_else_leads_nowhere(text: str) -> None:
    assert own_path(text) == ""
