"""The choices of a study as a form: its fields and lists, what each means, and two versions of them."""
