"""What each choice of a study means, in a sentence; the command line's help shows them.

Nothing is imported here, so that help is shown at once.
"""

from __future__ import annotations

CHOICE_TEXTS = {
    "title": "Shown to participants.",
    "test_id": "Short name of the study; by default made of the title.",
    "question": "Asked on every page.",
    "instructions": "HTML of the page of instructions; empty leaves the page out.",
    "consent": "HTML of the consent page; empty leaves the page out.",
    "volume_text": "HTML of the volume page; empty leaves the page out.",
    "finish": "HTML of the last page.",
    "scales": "Attributes to score; by default one.",
    "conditions": "Methods to compare, by name or id, separated by commas.",
    "reference": "hidden (open and hidden, as BS.1534 has it), open or none.",
    "reference_name": "Which condition of a folder is the reference, by name or id.",
    "layout": "Of a folder: item/condition or condition/item.",
    "anchors": "Add the anchors of 3.5 and 7 kHz.",
    "target_lufs": "Loudness of every sound (default -23).",
    "loudness": "Align each trial by itself, or all trials to one loudness: trial or set.",
    "length": "Unequal lengths in a trial: exact (an error), trim or pad.",
    "sample_rate": "Resample every sound, in Hz.",
    "bits": "Of the written files: 16 or 24.",
    "seed": "Of every order.",
    "order": "williams, random or fixed.",
    "items_per_session": "Balanced choice of so many items.",
    "training_items": "How many items to train with, or which, by name or id.",
    "training_apart": "Whether training items are left out of the test itself.",
    "repeats": "How many trials come twice, to see how reliable a listener is.",
    "attention_checks": "How many pages ask for a given score.",
    "must_listen": "Whether every sound has to be heard before a page is left.",
    "must_rate": "Whether every sound has to be scored before a page is left.",
    "questionnaire": "Questions on the last page.",
    "show_waveform": "Whether rating pages show the waveform.",
    "loop": "Whether listeners may repeat a part of a sound.",
    "switch_back": "Whether switching to another sound starts it where the chosen part begins.",
    "show_previous": "Whether listeners may go back a page.",
    "language": "Of the participant page, as a code such as en.",
    "url_parameters": "Parameters of the participant's address that are kept with the ratings.",
    "completion": "What a participant takes back to where they came from: a code, or an address.",
    "headphone_check": "antiphase or huggins; by default none.",
    "quota": "Number of finished sessions at which the study closes.",
}
