"""What nobody may do from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.station import Person, running
from flows.review.security import Keys, is_loopback
from tests.flows.review.nights import doubtful, make_night

TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    out = make_night(tmp_path_factory.mktemp("night"), [doubtful(number) for number in range(3)])
    with running(out, token=TOKEN) as where:
        yield where


@pytest.fixture
def stranger(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client


@pytest.fixture
def ann(address: str) -> Iterator[Person]:
    with Person(address, "Ann", TOKEN) as person:
        yield person


def test_without_a_session_nothing_is_told(stranger: httpx.Client) -> None:
    for path in ("/", "/fields", "/night", "/target", "/docs", "/openapi.json"):
        assert stranger.get(path).headers["location"] == "/enter"
    for path in ("/api/next", "/api/field/x", "/pictures/x/page.jpg", "/api/target?error=0.1"):
        assert stranger.get(path).status_code == 401
    assert stranger.post("/api/undo", json={}).status_code == 401


def test_wrong_token_is_refused(stranger: httpx.Client) -> None:
    assert stranger.get("/enter", params={"token": "wrong"}).status_code == 401
    answer = stranger.post("/enter", data={"name": "Eve", "token": "wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert stranger.post("/enter", data={"name": "Eve"}).status_code == 401


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: httpx.Client) -> None:
    answer = stranger.post("/enter", data={"name": "Ann", "token": TOKEN})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie


def test_forged_session_is_none(address: str, ann: Person) -> None:
    cookie = ann.http.cookies["nightsort_review"]
    for forged in (cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), "x" + cookie, "", "a.b"):
        assert httpx.get(f"{address}/api/next", cookies={"nightsort_review": forged}).status_code == 401
    other = Keys("secret", "another-token", local=True)
    assert other.person(cookie) is None


def test_changes_need_the_form_token(ann: Person) -> None:
    for headers in ({}, {"x-nightsort-form": "wrong"}):
        assert ann.http.post("/api/undo", json={}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_other_sites_change_nothing(ann: Person, headers: dict[str, str]) -> None:
    answer = ann.http.post("/api/undo", json={}, headers=headers | ann.headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "this was sent by another site")
    assert ann.http.post("/enter", data={"name": "x"}, headers=headers).status_code == 403


def test_other_names_of_this_machine_are_not_served(ann: Person) -> None:
    assert ann.http.get("/fields", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/../../etc/passwd/page.jpg",
        "/pictures/%2e%2e%2f%2e%2e%2fetc%2fpasswd/page.jpg",
        "/pictures/0/..%2f..%2fpage.jpg",
        "/static/..%2freport.html.j2",
        "/static/%2fetc%2fpasswd",
        "/static/review%2fwork.html.j2",
    ],
)
def test_no_path_is_of_the_browsers_choosing(ann: Person, path: str) -> None:
    assert ann.http.get(path).status_code == 404


def test_headers_forbid_everything_from_elsewhere(ann: Person) -> None:
    for path in ("/", "/enter", "/static/work.js", "/api/next", "/nowhere"):
        headers = ann.http.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_name_nothing_outside_and_no_inline_code(ann: Person) -> None:
    for path in ("/", "/fields", "/target", "/night"):
        text = ann.http.get(path).text
        assert "http" not in text.replace("http-equiv", "")
        assert "style=" not in text
        assert " on" + "click" not in text
        assert str(Path.home()) not in text


def test_malformed_decisions_are_refused(ann: Person) -> None:
    long, strange = {"id": "x" * 300, "kind": "value"}, {"id": "1", "kind": "value", "path": "/"}
    for body in ({}, {"id": "x", "kind": "guess"}, long, strange):
        assert ann.http.post("/api/decide", json=body, headers=ann.headers).status_code == 422
    assert ann.http.post("/enter", content=b"name=" + b"x" * 5000).status_code == 413


def test_which_addresses_are_this_machines_own() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.4", "example.org"))
