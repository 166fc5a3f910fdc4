"""A small page to listen to explanations side by side; it needs no server and no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from stimuli.tokens import TOKENS

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the classifier listened to</title>
<style>
{{ tokens }}
body { font: var(--text-m) / 1.5 var(--sans); color: var(--ink); background: var(--surface); }
body { max-width: 62rem; margin: var(--space-8) auto; padding: 0 var(--space-6); }
h1 { font-size: var(--text-xl); } h2 { font-size: var(--text-l); margin: 0; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-radius: var(--radius-m); }
article { padding: var(--space-6); margin: var(--space-6) 0; }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.parts { gap: var(--space-6); margin: var(--space-5) 0; }
.parts p { margin: 0 0 var(--space-2); font-weight: 600; } audio { width: 100%; }
.quiet { color: var(--muted); font-weight: 400; }
img { width: 100%; height: auto; border-radius: var(--radius-s); }
.scroll { overflow: auto; max-height: 24rem; }
table { border-collapse: collapse; margin: var(--space-4) 0; width: 100%; font-size: var(--text-s); }
th, td { text-align: left; padding: var(--space-2) var(--space-5) var(--space-2) 0; }
th, td { border-bottom: 1px solid var(--line); }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
th { position: sticky; top: 0; background: var(--surface); }
</style>
</head>
<body>
<h1>What the classifier listened to</h1>
<p class="quiet">The interpretation is the part of the sound that speaks for the explained class, the residual
is the rest. Starting one player stops the others of its sound and continues from where they were.</p>
{% for folder, record in entries %}
<article>
<h2>{{ record.source }}</h2>
<p class="quiet">{{ record.label }} · {{ "%.2f"|format(record.samples / record.sample_rate) }} s</p>
<div class="parts">
{% for part, name in parts %}
<div><p>{{ name }}</p><audio controls preload="metadata" src="{{ folder|urlencode }}/{{ part }}.wav"
 aria-label="{{ name }} of {{ record.source }}"></audio></div>
{% endfor %}
</div>
<img src="{{ folder|urlencode }}/explanation.png" loading="lazy"
 alt="Spectrograms of input and interpretation of {{ record.source }}, and the share kept between them">
<div class="scroll"><table>
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
</tbody></table></div>
</article>
{% endfor %}
<script>
for (const article of document.querySelectorAll("article")) {
  const players = [...article.querySelectorAll("audio")];
  for (const player of players) {
    player.addEventListener("play", () => {
      const other = players.find((p) => p !== player && !p.paused);
      if (other) { player.currentTime = other.currentTime; }
      players.filter((p) => p !== player).forEach((p) => p.pause());
    });
  }
}
</script>
</body>
</html>
""")

_PARTS = (("input", "Input"), ("interpretation", "Interpretation"), ("residual", "Residual"))


def render_listening_page(entries: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return the HTML of a page that plays explained sounds.

    Args:
        entries: for each, its folder's name next to the page, and its `explanation.json`.
    """
    return _PAGE.render(entries=entries, parts=_PARTS, tokens=Markup(TOKENS.read_text("utf-8"))) + "\n"
