"""What the pages' JavaScript asks for: the next field, decisions, undo, what a target error would mean."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic import Field as Limit

from flows.review.arrange import ORDERS
from flows.review.desk import Filter
from flows.review.fields import Field
from flows.review.images import PictureError
from flows.review.station import Person, RefusedError, Station
from flows.verdict import Kind, Verdict

router = APIRouter()
_LONGEST = 200


class Decision(BaseModel):
    """A person's word about a field."""

    model_config = ConfigDict(extra="forbid")
    id: str = Limit(max_length=_LONGEST)
    kind: Kind
    value: str = Limit("", max_length=_LONGEST)
    seconds: float | None = None


class Named(BaseModel):
    """A field by its id."""

    model_config = ConfigDict(extra="forbid")
    id: str = Limit(max_length=_LONGEST)


class Target(BaseModel):
    """A rate at which accepted values may be wrong."""

    model_config = ConfigDict(extra="forbid")
    error: float = Limit(gt=0, lt=1)


def station_of(request: Request) -> Station:
    """The station that serves a request."""
    station: Station = request.app.state.station
    return station


def person_of(request: Request) -> Person:
    """Who asks; `security.Guard` has seen to it that there is somebody."""
    person: Person = request.state.person
    return person


def wish_of(
    order: Annotated[str, Query(pattern=f"^({'|'.join(ORDERS)})$")] = ORDERS[0],
    field: Annotated[str, Query(max_length=_LONGEST)] = "",
    reason: Annotated[str, Query(max_length=_LONGEST)] = "",
    scan: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> Filter:
    """The filter in an address."""
    return Filter(order, field, reason, scan)


AStation = Annotated[Station, Depends(station_of)]
APerson = Annotated[Person, Depends(person_of)]
AWish = Annotated[Filter, Depends(wish_of)]


def find(station: Station, identifier: str) -> Field:
    """The field with this id; 404 where there is none."""
    field = station.desk.field(identifier)
    if field is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such field any more")
    return field


@router.get("/api/next")
async def next_field(station: AStation, person: APerson, wish: AWish) -> dict[str, Any]:
    """The next field for this session."""
    return station.next(person, wish)


@router.get("/api/field/{identifier}")
async def one_field(identifier: str, station: AStation, person: APerson, wish: AWish) -> dict[str, Any]:
    """A field asked for by name, also one that is settled."""
    try:
        return station.open(person, find(station, identifier), wish)
    except RefusedError as error:
        raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error


@router.post("/api/decide")
async def decide(decision: Decision, station: AStation, person: APerson, wish: AWish) -> dict[str, Any]:
    """Put a decision down and give the next field."""
    field = find(station, decision.id)
    try:
        stands = station.decide(person, field, Verdict(decision.kind, decision.value), decision.seconds)
    except RefusedError as error:
        raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error
    return {"settled": stands is not None, **station.next(person, wish)}


@router.post("/api/undo")
async def undo(station: AStation, person: APerson, wish: AWish) -> dict[str, Any]:
    """Take this reviewer's last decision back and give the field again."""
    undone = station.undo(person)
    if undone is None:
        raise HTTPException(HTTPStatus.CONFLICT, "there is nothing to undo")
    field, verdict = undone
    shown = {**station.shown(field), "verdict": {"kind": verdict.kind.value, "value": verdict.value}}
    return {"field": shown, "upcoming": None, "progress": station.progress(person, wish)}


@router.post("/api/skip")
async def skip(named: Named, station: AStation, person: APerson, wish: AWish) -> dict[str, Any]:
    """Put a field off and give the next one."""
    station.desk.skip(person.session, find(station, named.id))
    return station.next(person, wish)


@router.post("/api/leave", status_code=HTTPStatus.NO_CONTENT)
async def leave(station: AStation, person: APerson) -> None:
    """Somebody closes the page: what was out with the session is free."""
    station.desk.leave(person.session)


@router.get("/api/target")
async def target(error: Annotated[float, Query(gt=0, lt=1)], station: AStation) -> dict[str, Any]:
    """What a target error would mean."""
    return vars(station.outlooks([error])[0])


@router.post("/api/target")
async def accept_at(target: Target, station: AStation) -> dict[str, Any]:
    """Settle all fields by a target error."""
    station.accept_at(target.error)
    return vars(station.outlooks([target.error])[0])


@router.get("/api/place/{identifier}")
async def place(identifier: str, station: AStation) -> dict[str, Any]:
    """Where on its page a field lies; `trouble` says why it cannot be shown."""
    field = find(station, identifier)
    if (detail := station.detail(field)) is None:
        return {"box": None, "trouble": "the ledger has this field no more"}
    try:
        page = await asyncio.to_thread(station.pictures.page, field.key, detail)
    except PictureError as error:
        return {"box": None, "trouble": str(error)}
    return {"box": page.place(detail.box), "trouble": ""}


@router.get("/pictures/{identifier}/{what}.jpg")
async def picture(identifier: str, what: str, station: AStation) -> Response:
    """The picture of a field (`field`) or of its page (`page`)."""
    field = find(station, identifier)
    detail = station.detail(field)
    if detail is None or what not in ("field", "page"):
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such picture")
    try:
        if what == "page":
            jpeg = (await asyncio.to_thread(station.pictures.page, field.key, detail)).jpeg
        else:
            jpeg = await asyncio.to_thread(station.pictures.field, field.key, detail)
    except PictureError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error
    return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=600"})
