"""Ten tasks with ratings in a notebook: each cell (`# %%`) ends with a table or a figure.

Open it with jupytext, or in an editor that knows cells; `python ratings_in_a_notebook.py RATINGS.csv`
runs it as a script. The ratings may be any data frame with a row per rating.
"""

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import analysis

HERE = Path(__file__).parent
path = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "analyse_webmushra" / "mushra.csv"
raw = pd.read_csv(path)

# %% 1. A data frame under other names becomes ratings
names = {
    "listener": "session_uuid",
    "item": "trial_id",
    "condition": "rating_stimulus",
    "score": "rating_score",
}
ratings = analysis.load_ratings(raw, columns=names, scale=(0, 100))
ratings.attrs["notes"]

# %% 2. Who is excluded by the rules of BS.1534-3
screening = analysis.screen(ratings)
screened = analysis.kept(ratings, screening)
screening.loc[~screening["kept"], ["listener", "reason"]]

# %% 3. Mean opinion scores
means = analysis.mos(screened)
means[["condition", "mos", "ci_low", "ci_high"]].round(1)

# %% 4. The same for each item
analysis.mos(screened, by="item").pivot(index="item", columns="condition", values="mos").round(1)

# %% 5. Differences in pairs
differences = analysis.compare(screened)
differences[["condition_a", "condition_b", "difference", "ci_low", "ci_high", "p"]].round(3)

# %% 6. One method against some others
first, second, *_ = means.loc[means["role"] == "method", "condition"]
analysis.compare(screened, among=[first, second])["sentence"].tolist()

# %% 7. Is a difference small enough not to matter?
analysis.equivalence(screened, margin=15)[["condition_a", "condition_b", "p_equivalent"]].round(3)

# %% 8. A linear mixed model
model = analysis.mixed_model(screened)
model.variance_components()[["component", "sd"]].round(1)

# %% 9. Two figures in one
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
analysis.plot_mos(screened, ax=left)
analysis.plot_box(screened, ax=right)
figure  # noqa: B018

# %% 10. A figure alone is shown by itself, and saved by its figure
axes = analysis.plot_differences(screened, table=differences)
axes.figure.savefig("differences.pdf")
axes  # noqa: B018
