"""The web application of one output folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from flows.errors import LedgerError
from flows.review import api, views
from flows.review.security import Guard, Keys
from flows.review.station import Station

_STATIC = {
    "theme.css": ("templates", "text/css"),
    "review.css": ("static", "text/css"),
    "work.js": ("static", "text/javascript"),
    "viewer.js": ("static", "text/javascript"),
    "target.js": ("static", "text/javascript"),
    "station.js": ("static", "text/javascript"),
    "icon.svg": ("static", "image/svg+xml"),
}


def make_app(open_station: Callable[[], Station], keys: Keys, *, default_name: str = "") -> FastAPI:
    """The application; the station is opened when it starts, in its thread, and closed when it ends.

    default_name : offered to whoever is asked for a name.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.station = open_station()
        try:
            yield
        finally:
            app.state.station.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.keys, app.state.default_name = keys, default_name
    app.include_router(api.router)
    app.include_router(views.router)
    app.add_api_route("/static/{name}", _static)
    app.add_middleware(Guard, keys=keys)
    app.add_exception_handler(HTTPException, _explain)
    app.add_exception_handler(RequestValidationError, _explain)
    app.add_exception_handler(LedgerError, _explain)
    return app


async def _static(name: str) -> Response:
    """One of the files listed above, and no other."""
    if name not in _STATIC:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such file")
    folder, kind = _STATIC[name]
    content = files("flows").joinpath(folder, name).read_bytes()
    return Response(content, media_type=kind)


async def _explain(request: Request, error: Exception) -> Response:
    """Every error as one line for the reviewer."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": str(error.detail)}, error.status_code)
    if isinstance(error, RequestValidationError):
        return JSONResponse({"error": "this cannot be understood"}, HTTPStatus.UNPROCESSABLE_ENTITY)
    return JSONResponse({"error": " ".join(str(error).split())}, HTTPStatus.SERVICE_UNAVAILABLE)
