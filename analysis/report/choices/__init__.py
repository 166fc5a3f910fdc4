"""The report on choices: pairs, ABX, comparison ratings, difference grades, best and worst."""
