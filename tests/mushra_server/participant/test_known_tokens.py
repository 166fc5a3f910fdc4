"""Sessions that a worker knows without the database: a token is replaced, or a later session has it."""

from __future__ import annotations

from mushra_server.export.erasure import forget
from study_builder.config.session_cookie import SESSION_COOKIE


def test_a_replaced_token_fetches_no_sound(app, listener):
    server = app.extensions["listenable"]
    url = listener.trials()[0]["reference"]["url"]
    (uuid,) = {found[1] for found in server.tokens._found.values()}
    assert listener.client.get(url).status_code == 200
    with server.database.write() as connection:
        connection.exec_driver_sql("UPDATE sessions SET token_hash = 'another'")
    server.tokens.forget(uuid)
    assert listener.client.get(url).status_code == 401


def test_whoever_starts_again_once_forgotten_hears_the_sounds_at_every_worker(
    make_app, make_study, make_listener
):
    """The same browser's next start has the same token, known elsewhere as the session of before."""
    study = make_study(n_items=1)
    first, other = make_app(study), make_app(study)
    listener = make_listener(first)
    elsewhere = other.test_client()

    def start() -> str:
        url = listener.start({"participant": "p1"}, nonce="n" * 32).trials()[0]["reference"]["url"]
        cookie = listener.client.get_cookie(SESSION_COOKIE)
        elsewhere.set_cookie(SESSION_COOKIE, cookie.value)
        return str(url)

    before = start()
    assert elsewhere.get(before).status_code == 200
    forget(first.extensions["listenable"].database, "p1", ratings=True)
    again = start()
    assert again != before
    assert elsewhere.get(again).status_code == 200
    assert elsewhere.get(before).status_code == 404
