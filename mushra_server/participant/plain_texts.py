"""What is said in plain HTML, without the page's scripts, in the languages that the page speaks."""

from __future__ import annotations

from werkzeug.datastructures import LanguageAccept

from mushra_server.participant.languages import prefer

__all__ = ["texts_for_browser", "texts_in"]

ENGLISH = "en"
_KEYS = (
    "not_loaded",
    "try_again",
    "resume_title",
    "resume_text",
    "resume_begun",
    "resume_other",
    "resume_own",
    "resume_start",
    "not_found_title",
    "not_found_text",
    "no_script",
)
_TEXTS = {
    "en": (
        "This page has not loaded completely.",
        "Try again",
        "Continue another session?",
        "This browser has an unfinished session of this study. The link that you opened belongs to a "
        "different session, which would take its place here.",
        "The link that you opened continues a session that was begun in another browser. Continue only if it "
        "is yours: whoever has the link can read its answers.",
        "Continue with the link’s session",
        "Keep the session of this browser",
        "Start a session of your own",
        "This page does not exist",
        "Please check the address that you were given, or open your link again.",
        "This listening test needs JavaScript to play sounds. Please enable it and reload the page.",
    ),
    "de": (
        "Diese Seite wurde nicht vollständig geladen.",
        "Noch einmal versuchen",
        "Eine andere Sitzung fortsetzen?",
        "In diesem Browser gibt es eine unvollendete Sitzung dieser Studie. Der Link, den Sie geöffnet "
        "haben, gehört zu einer anderen Sitzung, die hier an ihre Stelle treten würde.",
        "Der Link, den Sie geöffnet haben, setzt eine Sitzung fort, die in einem anderen Browser begonnen "
        "wurde. Fahren Sie nur fort, wenn es Ihre eigene ist: Wer den Link hat, kann ihre Antworten lesen.",
        "Mit der Sitzung des Links fortfahren",
        "Die Sitzung dieses Browsers behalten",
        "Eine eigene Sitzung beginnen",
        "Diese Seite gibt es nicht",
        "Bitte prüfen Sie die Adresse, die Sie bekommen haben, oder öffnen Sie Ihren Link noch einmal.",
        "Dieser Hörversuch braucht JavaScript, um Klänge abzuspielen. Bitte schalten Sie es ein und "
        "laden Sie die Seite neu.",
    ),
    "fr": (
        "Cette page ne s'est pas chargée entièrement.",
        "Réessayer",
        "Reprendre une autre session ?",
        "Ce navigateur a une session inachevée de cette étude. Le lien que vous avez ouvert appartient à une "
        "autre session, qui prendrait sa place ici.",
        "Le lien que vous avez ouvert reprend une session commencée dans un autre navigateur. Ne continuez "
        "que si c'est la vôtre : toute personne qui a le lien peut en lire les réponses.",
        "Continuer avec la session du lien",
        "Garder la session de ce navigateur",
        "Commencer votre propre session",
        "Cette page n'existe pas",
        "Veuillez vérifier l'adresse que vous avez reçue, ou ouvrir de nouveau votre lien.",
        "Ce test d'écoute a besoin de JavaScript pour lire les sons. Veuillez l'activer et recharger "
        "la page.",
    ),
    "es": (
        "Esta página no se ha cargado por completo.",
        "Intentar de nuevo",
        "¿Continuar otra sesión?",
        "Este navegador tiene una sesión sin terminar de este estudio. El enlace que ha abierto pertenece a "
        "otra sesión, que ocuparía su lugar aquí.",
        "El enlace que ha abierto continúa una sesión que se empezó en otro navegador. Continúe solo si es "
        "la suya: quien tenga el enlace puede leer sus respuestas.",
        "Continuar con la sesión del enlace",
        "Conservar la sesión de este navegador",
        "Empezar su propia sesión",
        "Esta página no existe",
        "Compruebe la dirección que ha recibido o vuelva a abrir su enlace.",
        "Esta prueba de escucha necesita JavaScript para reproducir los sonidos. Actívelo y vuelva a "
        "cargar la página.",
    ),
    "it": (
        "Questa pagina non si è caricata del tutto.",
        "Riprova",
        "Continuare un’altra sessione?",
        "In questo browser c’è una sessione non conclusa di questo studio. Il link che hai aperto appartiene "
        "a un’altra sessione, che qui ne prenderebbe il posto.",
        "Il link che hai aperto continua una sessione iniziata in un altro browser. Continua solo se è la "
        "tua: chi ha il link può leggerne le risposte.",
        "Continua con la sessione del link",
        "Mantieni la sessione di questo browser",
        "Inizia una tua sessione",
        "Questa pagina non esiste",
        "Controlla l’indirizzo che hai ricevuto, oppure apri di nuovo il tuo link.",
        "Questo test d’ascolto ha bisogno di JavaScript per riprodurre i suoni. Attivalo e ricarica "
        "la pagina.",
    ),
    "pt": (
        "Esta página não foi carregada por completo.",
        "Tentar de novo",
        "Continuar outra sessão?",
        "Este navegador tem uma sessão inacabada deste estudo. O link que abriu pertence a outra sessão, que "
        "tomaria o seu lugar aqui.",
        "O link que abriu continua uma sessão iniciada em outro navegador. Continue apenas se for a sua: "
        "quem tem o link pode ler as respostas dela.",
        "Continuar com a sessão do link",
        "Manter a sessão deste navegador",
        "Iniciar a sua própria sessão",
        "Esta página não existe",
        "Verifique o endereço que recebeu ou abra de novo o seu link.",
        "Este teste de escuta precisa de JavaScript para reproduzir os sons. Ative-o e recarregue a página.",
    ),
    "zh": (
        "此页面未完全加载。",
        "重试",
        "要继续另一个会话吗？",
        "此浏览器中有一个本研究尚未完成的会话。您打开的链接属于另一个会话，它将取代此处的会话。",
        "您打开的链接会继续一个在其他浏览器中开始的会话。仅当它是您自己的会话时才继续：任何拥有该链接的人都能看到其中的回答。",
        "继续链接中的会话",
        "保留此浏览器中的会话",
        "开始您自己的会话",
        "此页面不存在",
        "请检查您收到的地址，或重新打开您的链接。",
        "此听音测试需要 JavaScript 来播放声音。请启用它并重新加载页面。",
    ),
    "ja": (
        "ページを完全に読み込めませんでした。",
        "もう一度試す",
        "別のセッションを続けますか？",
        "このブラウザーには、この調査の未完了のセッションがあります。開いたリンクは別のセッションのもので、"
        "続けるとこのブラウザーのセッションと入れ替わります。",
        "開いたリンクは、別のブラウザーで始めたセッションを続けるものです。ご自分のセッションの場合だけ続けてください。"
        "リンクを知っている人は誰でも回答を読めます。",
        "リンクのセッションを続ける",
        "このブラウザーのセッションを続ける",
        "自分のセッションを始める",
        "このページはありません",
        "受け取ったアドレスを確認するか、リンクをもう一度開いてください。",
        "この聴取テストの音を再生するには JavaScript が必要です。有効にしてページを再読み込みしてください。",
    ),
}


def texts_for_browser(accepted: LanguageAccept) -> dict[str, str]:
    """Return the texts by name, in the language that a browser prefers of these; else in English."""
    return _texts_in(prefer(accepted, [ENGLISH, *_TEXTS]))


def texts_in(tag: str) -> dict[str, str]:
    """Return the texts by name, in a language by its tag; in English if the page does not speak it."""
    wanted = tag.lower().replace("_", "-").partition("-")[0]
    return _texts_in(wanted if wanted in _TEXTS else ENGLISH)


def _texts_in(language: str) -> dict[str, str]:
    return {"language": language, **dict(zip(_KEYS, _TEXTS[language], strict=True))}
