"""The pages of the station: work, all fields, target error, the night's report."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from flows.pages import bin_totals, histogram, shares, templates
from flows.report import in_words, reasons_in_words
from flows.review.api import APerson, AStation
from flows.review.arrange import ORDERS
from flows.review.fields import Field
from flows.review.quality import TARGETS
from flows.review.security import COOKIE, LONGEST_NAME, Keys
from pipeline.document import Status

router = APIRouter()
ON_A_PAGE = 50
LEAST_CERTAIN_SHOWN = 24
ASKED_AGAIN = "asked again"  # keyed, and waiting for another keying
_LONGEST_FORM = 4_000
_WRONG_TOKEN_WAIT_S = 0.5


@router.get("/enter")
async def enter(request: Request, token: str = "") -> HTMLResponse:
    """Ask for the reviewer's name, and for the token where there is one."""
    keys: Keys = request.app.state.keys
    wrong = bool(token) and not keys.admits(token)
    if wrong:
        await asyncio.sleep(_WRONG_TOKEN_WAIT_S)
    return _entrance(request, token="" if wrong else token, wrong=wrong)


@router.post("/enter")
async def open_session(request: Request) -> Response:
    """Give a session to whoever has the token and says a name."""
    keys: Keys = request.app.state.keys
    form = parse_qs((await _body(request)).decode("utf-8", "replace"))
    token, name = (form.get(key, [""])[0].strip() for key in ("token", "name"))
    if not keys.admits(token):
        await asyncio.sleep(_WRONG_TOKEN_WAIT_S)
        return _entrance(request, token="", wrong=True)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return _entrance(request, token=token, nameless=True)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    answer.set_cookie(COOKIE, keys.open_session(name), httponly=True, samesite="strict")
    return answer


@router.get("/")
async def work(request: Request, station: AStation, person: APerson) -> HTMLResponse:
    """Field after field."""
    names = sorted({field.key[2] for field in station.desk.all()})
    reasons = sorted({f.reason for f in station.desk.all() if f.reason and f.status is Status.REVIEW})
    return _page(request, "work", fields=names, reasons=[(r, in_words(r)) for r in reasons], orders=ORDERS)


@router.get("/fields")
async def fields(
    request: Request,
    station: AStation,
    person: APerson,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    """Everything that was read, fifty at a time; search looks at scans, fields and values."""
    found = [field for field in station.desk.all() if _matches(field, search.casefold(), status)]
    pages = max((len(found) + ON_A_PAGE - 1) // ON_A_PAGE, 1)
    page = min(page, pages)
    shown = []
    for field in found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]:
        verdict = station.store.verdict(field.key) if field.verified else None
        shown.append((field, _status(field), verdict))
    return _page(
        request,
        "fields",
        found=len(found),
        shown=shown,
        page=page,
        pages=pages,
        search=search,
        status=status,
        statuses=[*(s.value for s in Status if s is not Status.FAILED), ASKED_AGAIN],
        address=lambda number: "/fields?" + urlencode({"search": search, "status": status, "page": number}),
        in_words=in_words,
    )


@router.get("/target")
async def target(request: Request, station: AStation, person: APerson) -> HTMLResponse:
    """What another target error would mean, and the audit that measures the real one."""
    now = station.target()
    nearest = min(TARGETS, key=lambda each: abs(each - now))
    return _page(
        request,
        "target",
        outlooks=station.outlooks(TARGETS),
        nearest=TARGETS.index(nearest),
        now=now,
        by_model=station.by_model,
        audit=station.audit() if station.audit_share else None,
        audit_share=station.audit_share,
    )


@router.get("/night")
async def night(request: Request, station: AStation, person: APerson) -> HTMLResponse:
    """The night at a glance, as report.html has it, with today's decisions."""
    tally = await asyncio.wrap_future(station.publisher.tally())
    readers = station.store.readers()
    least = tally.uncertain[:LEAST_CERTAIN_SHOWN]
    keyed = [
        (each, station.desk.by_key((each.line.sha256, each.reading.page, each.reading.field)))
        for each in least
    ]
    return _page(
        request,
        "night",
        tally=tally,
        shares=shares(tally.statuses),
        bars=histogram(tally.confidences),
        highest=max(bin_totals(tally.confidences)),
        threshold=readers[-1]["threshold"] if readers else 2.0,
        target_error=station.target(),
        reasons=reasons_in_words(tally.reasons),
        cards=[(each, field.id) for each, field in keyed if field is not None],
        audit=station.audit() if station.audit_share else None,
    )


def _page(request: Request, name: str, **values: Any) -> HTMLResponse:
    keys: Keys = request.app.state.keys
    person = request.state.person
    page = templates().get_template(f"review/{name}.html.j2")
    return HTMLResponse(
        page.render(here=name, reviewer=person.name, form_token=keys.form_token(person), **values)
    )


def _entrance(request: Request, *, token: str, wrong: bool = False, nameless: bool = False) -> HTMLResponse:
    keys: Keys = request.app.state.keys
    page = templates().get_template("review/enter.html.j2")
    text = page.render(
        needs_token=keys.token is not None,
        token=token,
        wrong=wrong,
        nameless=nameless,
        name=request.app.state.default_name,
    )
    return HTMLResponse(text, HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too long")
    return body


def _matches(field: Field, search: str, status: str) -> bool:
    if status and _status(field) != status:
        return False
    if not search:
        return True
    return any(search in text for text in (field.scan.casefold(), field.key[2].casefold(), field.value))


def _status(field: Field) -> str:
    if field.keyers:
        return ASKED_AGAIN
    return Status.VERIFIED.value if field.verified else field.status.value
