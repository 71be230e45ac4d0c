"""What a command's output says of its progress."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.progress import LONGEST_MESSAGE, LONGEST_TAIL, TAIL_LINES, Output, clean, percentage

PIECES = (
    "42%",
    "7.5 %",
    "PROGRESS 0.5",
    "\r",
    "\n",
    "\r\n",
    "\x1b[31m",
    "\x1b[0m",
    "\x07",
    " ",
    "word",
    "é",
    "▉",
    "%",
    "9",
)
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join)


def read(*chunks: bytes) -> Output:
    """Read output that came in these chunks."""
    output = Output()
    for chunk in chunks:
        output.feed(chunk)
    return output


def seen(output: Output) -> tuple[float | None, str | None, str]:
    """Give all that is read from an output."""
    return output.progress, output.message, output.tail


@given(texts.map(lambda text: text.encode("utf-8", "surrogatepass")), st.data())
def test_how_output_is_cut_into_chunks_does_not_matter(raw: bytes, data: st.DataObject) -> None:
    """Not even in the middle of a character, an escape or a line's end."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    chunks = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]

    assert seen(read(*chunks)) == seen(read(raw))


@given(texts)
def test_what_is_told_holds_to_its_bounds(text: str) -> None:
    """Progress is 0 to 100; the message is one line; nothing is there that a terminal obeys."""
    output = read(text.encode("utf-8", "surrogatepass"))

    assert output.progress is None or 0 <= output.progress <= 100
    assert output.message is None or (0 < len(output.message) <= LONGEST_MESSAGE and output.message.isprintable())
    assert all(line.isprintable() for line in output.tail.split("\n"))


@given(st.text())
def test_cleaning_twice_is_as_good_as_once(text: str) -> None:
    """What is clean stays as it is."""
    assert clean(clean(text)) == clean(text)


@given(st.lists(st.text("abc ", max_size=500), max_size=60))
def test_the_tail_is_bounded(lines: list[str]) -> None:
    """However long the output was, its last line is in the tail."""
    output = read("\n".join(lines).encode())

    assert len(output.tail) <= LONGEST_TAIL
    assert output.tail.count("\n") < TAIL_LINES
    assert output.message is None or output.tail.endswith(output.message)


@given(st.integers(0, 1000))
def test_each_way_of_telling_progress_is_understood(tenths: int) -> None:
    """With or without a blank, with a point or a comma, or as a share of one."""
    percent = tenths / 10

    assert percentage(f"{percent}%") == percent
    assert percentage(f"done {percent} % of it") == percent
    assert percentage(f"{percent}%".replace(".", ",")) == percent
    assert percentage(f"PROGRESS {tenths / 1000:.3f}") == percent


@pytest.mark.parametrize(
    "line", ["1000%", "-5%", "200 %", "%20", "a42%20b", "1.2.3%", "PROGRESS 42", "PROGRESS 1.5", "PROGRESS 1/5", "v42%"]
)
def test_what_only_looks_like_progress_is_not_taken_for_it(line: str) -> None:
    """Rather no progress than a wrong one."""
    assert percentage(line) is None


def test_an_unfinished_line_tells_progress() -> None:
    """Many progress bars end no line until the work is done."""
    assert read(b"\r 10%|#", b"\r 20%|##").progress == 20


def test_a_carriage_return_lets_the_next_text_replace_the_row() -> None:
    """A progress bar leaves its last state alone in the tail, as it does on a terminal."""
    assert read(b"start\r\n10%\r20%\r100%\r\nend\n").tail == "start\n100%\nend"


def test_escapes_are_taken_out() -> None:
    """Colours, titles and cursor movements are no part of what is said."""
    assert clean("\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b[2Kdone\x1b(B\x08") == "red done"


def test_a_line_without_end_is_no_danger() -> None:
    """What is kept is bounded even where a command writes no line's end."""
    output = read(*[b"x" * 50_000] * 50)

    assert len(output.tail) <= LONGEST_TAIL
    assert output.message == "x" * LONGEST_MESSAGE
