"""The upload page: how to export contacts as a file, the file itself, and the columns of a table."""

from __future__ import annotations

import re
from contextlib import suppress

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from contactport.errors import Refusal
from contactport.http import forms
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.forms import FileForm
from contactport.http.origins import own_origin
from contactport.http.pages import field_words
from contactport.http.pages.browser import Browser, browser_of, set_cookie
from contactport.http.pages.exports import steps_for
from contactport.http.pages.outcome import FILE, outcome_at, show_outcome
from contactport.http.pages.page import page, redirect
from contactport.http.pages.refusals import refuse
from contactport.imports.consent import ConsentRefused
from contactport.imports.file_preview import COLUMNS, FilePreview
from contactport.imports.upload_page import NO_ESSENTIAL, UploadForm, too_big
from contactport.origin import origin_of_url
from contactport.sources.providers import Provider

FORM_BYTES = 64 * 1024
_LONGEST = 100
_COLUMN = re.compile(r"column([1-9]\d{0,3})")
_DRAINED = 4
"""A file of so many times the limit is read, and not kept, so that the browser shows the page that says so."""


async def show_upload(service: Service, request: Request, code: str) -> Response:
    """GET: the form while a file is wanted, the columns of one that waits, and then how far the import has come."""
    browser = browser_of(request, own_origin(service.settings))
    query = request.query_params
    asked = _Asked(_number(query.get("reading", "")), all_columns="columns" in query)
    try:
        return await _show(service, request, code, browser, asked)
    except ConsentRefused as refused:
        return refuse(request, refused.kind)


async def _show(service: Service, request: Request, code: str, browser: Browser, asked: _Asked) -> Response:
    """The page of this moment. Raises ConsentRefused."""
    form = await service.upload_pages.visit(code, browser.secret)
    context = context_of(request.scope)
    if form is None:
        there = await service.store.database.write(outcome_at, service.store.ring, code)
        if there is None:
            return refuse(request, "unknown")
        context.import_id = there.import_id
        return (
            redirect(there.return_url)
            if there.return_url
            else show_outcome(there, service.providers, context.request_id)
        )
    context.import_id = form.import_id
    provider = service.providers.find(form.guide) or service.providers.find(form.service)
    if provider is None:
        # Its row came from a package or a file that is not there any more.
        return refuse(request, "unknown")
    common: dict[str, object] = {
        "domain": form.domain,
        "reference": context.request_id,
        "code": code,
        "token": browser.form_token(code),
        "problem": form.problem,
    }
    if form.file is None:
        response = _file_page(common, form, provider, service.settings.upload_bytes)
    else:
        response = _columns_page(common, form, form.file, asked)
    set_cookie(response, browser, own_origin(service.settings))
    return response


async def take_upload(service: Service, request: Request, code: str) -> Response:
    """POST: a file, the confirmed columns, or a button. The answer leads back to the page."""
    browser = browser_of(request, own_origin(service.settings))
    try:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            return await _take_file(service, request, code, browser)
        return await _take_form(service, request, code, browser)
    except ConsentRefused as refused:
        return refuse(request, refused.kind)


async def _take_file(service: Service, request: Request, code: str, browser: Browser) -> Response:
    pages, most = service.upload_pages, service.settings.upload_bytes
    length = request.headers.get("content-length", "")
    form = FileForm.of(request.headers.get("content-type", ""), FORM_BYTES)
    assert form is not None
    try:
        given = dict(await form.fields(request.stream()))
    except (ClientDisconnect, Refusal):
        given = {}
    if not browser.is_form_token(code, forms.decoded(given.get(b"token", b""))):
        return refuse(request, "another_browser")
    if length.isdigit() and int(length) > _DRAINED * most:
        await pages.refuse(code, browser.secret, too_big(most))
    else:
        with suppress(ClientDisconnect, Refusal):
            await pages.receive(code, browser.secret, form.file())
    if b"script" in given:
        return Response(status_code=204)
    return redirect(f"/n/{code}", 303)


async def _take_form(service: Service, request: Request, code: str, browser: Browser) -> Response:
    given = await _read_form(request)
    if not browser.is_form_token(code, given.get("token", "")):
        return refuse(request, "another_browser")
    pages, action = service.upload_pages, given.get("action", "")
    if action == "cancel":
        await pages.cancel(code, browser.secret)
    elif action == "another":
        await pages.another(code, browser.secret)
    elif action == "import":
        fields = {int(found[1]): value for name, value in given.items() if (found := _COLUMN.fullmatch(name))}
        reading, has_header = _number(given.get("reading", "")), "header" in given
        if not await pages.confirm(code, browser.secret, reading, fields, has_header=has_header):
            asked = _Asked(reading, fields=fields, has_header=has_header, problem=NO_ESSENTIAL)
            return await _show(service, request, code, browser, asked)
    return redirect(f"/n/{code}", 303)


class _Asked(msgspec.Struct, frozen=True):
    """What the columns page is to show: which reading, all columns even if they are understood, what was chosen."""

    reading: int = 0
    all_columns: bool = True
    fields: dict[int, str] = {}
    has_header: bool = False
    problem: str = ""


def _number(reading: str) -> int:
    """The number of a reading, from 0."""
    return int(reading) if re.fullmatch(r"\d", reading, re.ASCII) else 0


def _file_page(common: dict[str, object], form: UploadForm, provider: Provider, most: int) -> Response:
    first, others = steps_for(provider)
    is_any = any(FILE in each.services for each in first)
    values = common | {
        "first": [] if is_any else first,
        "others": [*others, *first] if is_any else others,
        "most": most,
        "too_big": too_big(most),
    }
    return page("upload", values, form_action=_form_action(form), script="upload")


def _columns_page(common: dict[str, object], form: UploadForm, file: FilePreview, asked: _Asked) -> Response:
    number = asked.reading if asked.reading < len(file.readings) else 0
    reading = file.readings[number]
    matched = [column for column in reading.columns if column.field]
    values = common | {
        "problem": asked.problem,
        "has_header": asked.has_header,
        "chosen": {
            column.number: asked.fields.get(column.number, column.field) for column in reading.columns
        },
        "kind": file.kind,
        "reading": number,
        "readings": list(enumerate(file.readings)) if len(file.readings) > 1 else [],
        "columns": reading.columns,
        "may_have_header": bool(reading.first_row),
        "matched": matched,
        "empty": file.empty_columns,
        "choices": {column.number: field_words.choices(column.field) for column in reading.columns},
        "label": field_words.label,
        "not_imported": field_words.NOT_IMPORTED.label,
        "rows": list(zip(*(column.values for column in matched), strict=True)),
    }
    check = asked.all_columns or not file.is_sure
    return page("columns" if check else "preview", values, form_action=_form_action(form))


def _form_action(form: UploadForm) -> str:
    """Browsers hold the redirects after a form to this policy too: the last may lead to the application."""
    back = origin_of_url(form.return_url) if form.return_url else None
    return "'self'" if back is None else f"'self' {back}"


async def _read_form(request: Request) -> dict[str, str]:
    """The fields that are short enough and hold no control character. Raises Refusal."""
    body = await forms.read_body(request, FORM_BYTES)
    given: dict[str, str] = {}
    for name, value in forms.urlencoded(body, COLUMNS + 10):
        text = forms.decoded(value)
        if len(text) <= _LONGEST and text.isprintable():
            given[name.decode("ascii", "replace")] = text
    return given
