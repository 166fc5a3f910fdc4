"""What names of conditions and items say by themselves, in many languages: reference, anchor, training."""

from __future__ import annotations

import re
import unicodedata

from stimuli.vocabulary import ROLES

# English, German, French, Spanish, Italian, Portuguese and Dutch, as `_plain` leaves them.
_REFERENCE = (
    "reference", "ref", "hiddenreference", "hiddenref", "href", "refhidden", "referencehidden", "orig",
    "original", "explicitreference", "referenz", "verstecktereferenz", "referenzversteckt", "referencecachee",
    "referenciaoculta", "referencia", "riferimento", "riferimentonascosto", "referentie",
    "verborgenreferentie",
)  # fmt: skip
_LOW_ANCHOR = (
    "anchor", "lowanchor", "anchorlow", "hiddenanchor", "anker", "untereranker", "tieferanker", "ancre",
    "ancrebasse", "ancla", "anclabaja", "ancora", "ancorabassa", "ancorabaixa", "laaganker",
)  # fmt: skip
_MID_ANCHOR = (
    "midanchor", "anchormid", "middleanchor", "mittlereranker", "ancremoyenne", "anclamedia", "ancoramedia",
    "middenanker",
)  # fmt: skip
_METHOD = ("system", "method", "codec", "test", "condition", "object", "stimulus")  # in a column of roles
_ROLE_OF = {
    **dict.fromkeys(_REFERENCE, "hidden_reference"),
    **dict.fromkeys(_LOW_ANCHOR, "low_anchor"),
    **dict.fromkeys(_MID_ANCHOR, "mid_anchor"),
}
_FILTERED = "(?P<{}>anchor|anker|ancre|ancla|ancora|lp|lpf|lowpass)?"
_CUTOFF = re.compile(
    _FILTERED.format("before")
    + r"(?:(?P<low>3\.5|35|3500)|7|70|7000)(?:k|khz|hz)?"
    + _FILTERED.format("after")
)

# Those of roles, and Swedish, Danish, Finnish, Polish, Czech, Hungarian, Turkish, Greek, Russian, Arabic,
# Hebrew, Chinese, Japanese and Korean. No words that also name ordinary items, such as `trial`, `probe`,
# `essai` or `example`.
_TRAINING = (
    "training", "practice", "practise", "familiarization", "familiarisation", "warmup", "warm-up", "warm up",
    "ubung", "uebung", "einubung", "eingewohnung", "trainingsphase", "ubungsphase", "ubungsrunde",
    "ubungsdurchgang", "probedurchgang", "probelauf", "aufwarmen",
    "entrainement", "entrainements", "familiarisation",
    "entrenamiento", "practica", "familiarizacion",
    "allenamento", "addestramento", "familiarizzazione", "pratica",
    "treino", "treinamento", "treinos",
    "oefening", "oefenen", "oefenronde", "traning", "ovning", "traening", "ovelse", "harjoitus",
    "trening", "cwiczenie", "trenink", "cviceni", "gyakorlas", "alistirma", "εκπαιδευση", "εξασκηση",
    "тренировка", "обучение", "тренинг", "تدريب", "תרגול", "אימון",
    "训练", "練習", "练习", "訓練", "トレーニング", "연습", "훈련",
)  # fmt: skip


def fold_text(text: str) -> str:
    """Return a text in lower case without accents: `Entraînement` and `Übung` are spelled in many ways."""
    letters = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ø", "O").replace("ı", "i"))
    return unicodedata.normalize(
        "NFC", "".join(letter for letter in letters if not unicodedata.combining(letter))
    ).casefold()


_TRAINING_WORDS = tuple(sorted({fold_text(word) for word in _TRAINING}, key=len, reverse=True))


def role_of(condition: str) -> str:
    """Return the role that a condition's name implies, in any spelling; `method` for every other name."""
    plain = re.sub(r"[\s_()\[\]/-]", "", fold_text(condition)).replace(",", ".")
    cutoff = _CUTOFF.fullmatch(plain)
    if cutoff and (cutoff["before"] or cutoff["after"]):  # 7 kHz by itself may be a bandwidth under test
        return "low_anchor" if cutoff["low"] else "mid_anchor"
    return _ROLE_OF.get(plain, "method")


def known_role(word: str) -> str | None:
    """Return the role that a cell of a column of roles names, in any spelling; None for other words."""
    plain = re.sub(r"[\s-]", "_", fold_text(word))
    if plain in ROLES:
        return plain
    implied = role_of(word)
    return implied if implied != "method" else "method" if plain in _METHOD else None


def is_training(item: str) -> bool:
    """Say whether a usual word for training starts or ends an item's name: `Training_2`, `p1_practice`."""
    name = fold_text(item).strip(" _-.()[]0123456789")
    if name.startswith("training"):
        return True
    for word in _TRAINING_WORDS:
        rest = name[len(word) :]
        if name.startswith(word) and (not rest or not rest[0].isalpha() or not word.isascii()):
            return True
        if name.endswith(word) and not name[-len(word) - 1].isalpha():
            return True
    return False
