"""A small page to listen to explanations side by side; it needs no server and no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from stimuli.tokens import PLAYER_SCRIPT, PLAYER_STYLE, TOKENS

_MOST_CLASSES = 3

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the classifier listened to</title>
<style>
{{ tokens }}
{{ player }}
body { font: var(--text-m) / 1.5 var(--sans); color: var(--ink); background: var(--surface); }
body { max-width: 62rem; margin: var(--space-8) auto; padding: 0 var(--space-6); }
h1 { font-size: var(--text-xl); } h2 { font-size: var(--text-l); margin: 0; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-radius: var(--radius-m); }
article { padding: var(--space-6); margin: var(--space-6) 0; }
.quiet { color: var(--muted); font-weight: 400; margin: 0; }
h1 + .quiet { margin-bottom: var(--space-6); }
.answers { display: flex; flex-wrap: wrap; gap: var(--space-3) var(--space-7); margin: var(--space-4) 0 0; }
.answers b { color: var(--ink); font-size: var(--text-xxl); line-height: 1.2; overflow-wrap: anywhere; }
.answers span { color: var(--muted); }
.stage img { height: 7rem; }
.share { padding: var(--space-4) calc(var(--space-4) + 2px); }
.share p { margin: 0 0 var(--space-2); }
.axis { display: flex; justify-content: space-between; font-size: var(--text-s); color: var(--muted); }
.axis { padding: 0 var(--space-4); font-variant-numeric: tabular-nums; }
kbd { font-family: var(--mono); }
details { margin-top: var(--space-5); } summary { cursor: pointer; min-height: 1.5rem; }
.scroll { overflow: auto; max-height: 24rem; }
table { border-collapse: collapse; margin: var(--space-4) 0; width: 100%; font-size: var(--text-s); }
th, td { text-align: left; padding: var(--space-2) var(--space-5) var(--space-2) 0; }
th, td { border-bottom: 1px solid var(--line); }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
th { position: sticky; top: 0; background: var(--surface); }
a { color: var(--accent); }
@media (max-width: 40rem) { .stage img { height: 5.5rem; } body { margin-top: var(--space-6); } }
@media (max-width: 40rem) { article { padding: var(--space-5); } .answers b { font-size: var(--text-xl); } }
</style>
</head>
<body>
<main>
<h1>What the classifier listened to</h1>
<p class="quiet">The interpretation is the part of the sound that speaks for the explained class, the residual
is the rest. Space plays and pauses, <kbd>1</kbd> to <kbd>3</kbd> switch at the same place, the left
and right arrows move by half a second.</p>
<noscript><p>The players need JavaScript; the sounds are in the folders next to this page.</p></noscript>
{% for folder, record, answers, lanes, seconds in sounds %}
<article>
<h2>{{ record.source }}</h2>
<p class="quiet">{{ record.label }} · {{ "%.2f"|format(seconds) }} s</p>
<p class="answers">
{% for answer in answers %}
<span><b>{{ answer.target }} {{ percent(answer.before) }}</b>{% if answer.share < 1 %} in {{ answer.windows }}
 of {{ record.windows|length }} windows{% endif %}</span>
{% else %}
<span>silent: nothing to explain</span>
{% endfor %}
</p>
<div class="player" data-duration="{{ seconds }}">
<div class="transport"><button type="button" aria-label="Play">▶</button>
<input type="range" min="0" max="{{ seconds }}" step="0.01" value="0"
 aria-label="Place in {{ record.source }}">
<output>0:00.0 / {{ "%d:%04.1f"|format(seconds // 60, seconds % 60) }}</output></div>
{% for lane in lanes %}
<div class="lane">
<button type="button" class="pick" aria-pressed="false"><kbd>{{ loop.index }}</kbd>
<span>{{ lane.name }}</span><span>{{ lane.note }}</span></button>
<div class="stage"><img src="{{ folder|urlencode }}/{{ lane.part }}.png" loading="lazy"
 alt="Spectrogram of the {{ lane.name|lower }} of {{ record.source }}"><i class="playhead"></i></div>
<audio preload="none" src="{{ folder|urlencode }}/{{ lane.part }}.wav"></audio>
</div>
{% endfor %}
<div class="share"><p>Share kept <span class="quiet">(dark: none, bright: all)</span></p>
<div class="stage"><img src="{{ folder|urlencode }}/kept.png" loading="lazy"
 alt="Share of {{ record.source }} that the interpretation keeps, by time and frequency">
<i class="playhead"></i></div></div>
<p class="axis"><span>0 s</span><span>frequency: 0 to {{ "%g"|format(record.sample_rate / 2000) }} kHz</span>
<span>{{ "%.2f"|format(seconds) }} s</span></p>
</div>
<details{% if record.windows|length <= 4 %} open{% endif %}><summary>Probabilities of each window</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Windows of {{ record.source }}"><table>
<thead><tr><th>Time (s)</th><th>Explained class</th><th>Probability in the input</th>
<th>in the interpretation</th><th>in the residual</th><th>Interpretation heard as</th></tr></thead>
<tbody>
{% for window in record.windows %}
<tr><td class="n">{{ "%.2f"|format(window.start_s) }} – {{ "%.2f"|format(window.stop_s) }}</td>
{% if window.target is none %}
<td colspan="5" class="quiet">silent: nothing to explain</td></tr>
{% else %}
<td>{{ window.target }}</td><td class="n">{{ "%.3f"|format(window.probability_before) }}</td>
<td class="n">{{ "%.3f"|format(window.probability_in) }}</td>
<td class="n">{{ "%.3f"|format(window.probability_out) }}</td><td>{{ window.prediction_in }}</td></tr>
{% endif %}
{% endfor %}
</tbody></table></div></details>
<p class="quiet"><a href="{{ folder|urlencode }}/explanation.png">Figure with axes</a></p>
</article>
{% endfor %}
</main>
<script>
{{ script }}
</script>
</body>
</html>
""")

_PARTS = (
    ("input", "Input", "before"),
    ("interpretation", "Interpretation", "inside"),
    ("residual", "Residual", "outside"),
)


def render_listening_page(entries: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return the HTML of a page that plays explained sounds.

    Args:
        entries: for each, its folder's name next to the page, and its `explanation.json`.
    """
    sounds = []
    for folder, record in entries:
        answers = summarise_windows(record["windows"])
        lanes = [{"part": part, "name": name, "note": _note(answers, key)} for part, name, key in _PARTS]
        sounds.append((folder, record, answers, lanes, record["samples"] / record["sample_rate"]))
    style, player, script = (
        Markup(path.read_text("utf-8")) for path in (TOKENS, PLAYER_STYLE, PLAYER_SCRIPT)
    )
    page = _PAGE.render(sounds=sounds, tokens=style, player=player, script=script, percent=_percent)
    return page + "\n"


def summarise_windows(windows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the classes that were explained most often, each with its mean probabilities over its windows.

    Args:
        windows: of an `explanation.json`; silent ones have no class.
    """
    counts = Counter(window["target"] for window in windows if window["target"] is not None)
    found = []
    for target, count in counts.most_common(_MOST_CLASSES):
        own = [window for window in windows if window["target"] == target]
        means = {
            key: sum(window[f"probability_{name}"] for window in own) / count
            for key, name in (("before", "before"), ("inside", "in"), ("outside", "out"))
        }
        found.append({"target": target, "windows": count, "share": count / len(windows), **means})
    return found


def _note(answers: Sequence[dict[str, Any]], key: str) -> str:
    if len(answers) != 1:  # one number cannot stand for several classes; the table has them
        return ""
    return f"{answers[0]['target']} {_percent(answers[0][key])}"


def _percent(share: float) -> str:
    """Return a share in percent; none that is short of all or more than nothing is rounded to it."""
    if 0 < share < 0.01:
        return "< 1 %"
    return "> 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"
