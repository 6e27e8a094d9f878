"""The credentials page: a user's name and password, typed on the service's own page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.grant import Password
from contactport.http import forms
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.origins import own_origin
from contactport.http.pages.browser import Browser, browser_of, set_cookie
from contactport.http.pages.outcome import outcome_at, show_outcome
from contactport.http.pages.page import page, redirect
from contactport.http.pages.refusals import refuse
from contactport.imports.consent import ConsentRefused
from contactport.imports.sign_in import TRIES, SignInForm
from contactport.origin import origin_of_url
from contactport.sources.providers import Provider

FORM_BYTES = 16 * 1024
_LONGEST = {"username": 320, "password": 1000, "server": 2000, "token": 100, "action": 20}
"""The fields of the form, and how many characters each may have. The page says the same to the browser."""


async def show_credentials(service: Service, request: Request, code: str) -> Response:
    """GET: the form while there is something to type, and then how far the import has come."""
    origin = own_origin(service.settings)
    browser = browser_of(request, origin)
    try:
        form = await service.sign_ins.visit(code, browser.secret)
    except ConsentRefused as refused:
        return refuse(request, refused.kind)
    context = context_of(request.scope)
    if form is None:
        there = await service.store.database.write(outcome_at, service.store.ring, code)
        if there is None:
            return refuse(request, "unknown")
        context.import_id = there.import_id
        if there.return_url and there.stage != "signing_in":
            return redirect(there.return_url)
        return show_outcome(there, service.providers, context.request_id)
    context.import_id = form.import_id
    provider = service.providers.find(form.service)
    if provider is None:
        # Its row came from a package or a file that is not there any more.
        return refuse(request, "unknown")
    response = _form_page(form, provider, code, browser, context.request_id)
    set_cookie(response, browser, origin)
    return response


async def take_credentials(service: Service, request: Request, code: str) -> Response:
    """POST: sign in, or cancel. The answer leads back to the page, so that a reload sends nothing again."""
    browser = browser_of(request, own_origin(service.settings))
    given = await _read_form(request)
    if not browser.is_form_token(code, given.get("token", "")):
        return refuse(request, "another_browser")
    username, password = given.get("username", "").strip(), given.get("password", "")
    try:
        if given.get("action") == "cancel":
            await service.sign_ins.cancel(code, browser.secret)
        elif username and password:
            grant = Password(username, password, given.get("server", "").strip())
            await service.sign_ins.submit(code, browser.secret, grant)
    except ConsentRefused as refused:
        return refuse(request, refused.kind)
    return redirect(f"/n/{code}", 303)


def _form_page(form: SignInForm, provider: Provider, code: str, browser: Browser, reference: str) -> Response:
    secret = provider.secret
    app_password = secret.kind == "app_password"
    values: dict[str, object] = {
        "provider": provider.in_a_sentence,
        "sandbox": provider.sandbox,
        "domain": form.domain,
        "reference": reference,
        "code": code,
        "token": browser.form_token(code),
        "problem": form.problem,
        "tries_left": form.tries_left,
        "most_tries": TRIES,
        "help": secret.help,
        "help_url": secret.url,
        "help_link": secret.url.removeprefix("https://").removesuffix("/"),
        "app_password": app_password,
        "username": form.username,
        "server": form.server if provider.self_hosted else None,
    }
    # Browsers hold the redirects after a form to this policy too: the last may lead to the application.
    back = origin_of_url(form.return_url) if form.return_url else None
    return page("credentials", values, form_action="'self'" if back is None else f"'self' {back}")


async def _read_form(request: Request) -> dict[str, str]:
    """The known fields; one that is too long, or has a control character, counts as empty. Raises Refusal."""
    body = await forms.read_body(request, FORM_BYTES)
    given: dict[str, str] = {}
    for name, value in forms.urlencoded(body):
        field, text = name.decode("ascii", "replace"), forms.decoded(value)
        if len(text) <= _LONGEST.get(field, -1) and text.isprintable():
            given[field] = text
    return given
