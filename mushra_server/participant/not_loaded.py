"""What the page says in plain HTML if its scripts do not arrive, in the browser's own language."""

from __future__ import annotations

from werkzeug.datastructures import LanguageAccept

__all__ = ["words_without_scripts"]

_WORDS = {
    "en": ("This page has not loaded completely.", "Try again"),
    "de": ("Diese Seite wurde nicht vollständig geladen.", "Noch einmal versuchen"),
    "fr": ("Cette page ne s'est pas chargée entièrement.", "Réessayer"),
    "es": ("Esta página no se ha cargado por completo.", "Intentar de nuevo"),
    "it": ("Questa pagina non si è caricata del tutto.", "Riprova"),
    "pt": ("Esta página não foi carregada por completo.", "Tentar de novo"),
    "zh": ("此页面未完全加载。", "重试"),
    "ja": ("ページを完全に読み込めませんでした。", "もう一度試す"),
}


def words_without_scripts(accepted: LanguageAccept) -> dict[str, str]:
    """Return the sentence, what its link says and their language, by what a browser accepts."""
    language = accepted.best_match(_WORDS) or "en"
    text, again = _WORDS[language]
    return {"language": language, "not_loaded": text, "try_again": again}
