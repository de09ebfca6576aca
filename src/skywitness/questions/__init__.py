"""Questions to the past and to the present, and their answers.

A text is read into a tree (`language`, `terms`, `question`), the tree says what can matter (`bounds`), that is read
from a record (`finding`, of a `History` in `answer`), and each row of it is put to the tree (`matching`, with `names`
and `places`).
"""
