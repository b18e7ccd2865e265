import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from screens.chart import Chart, Panel, Point, draw, from_json, to_json

INK = 110  # darker than this is line, dot or lettering; the band and the grid are lighter
HIDDEN = "nicht ausgewiesen"


def rounds(*values: int | None, margin: float | None = 12) -> tuple[Point, ...]:
    return tuple(
        Point(date(2025, 1, 10) + timedelta(days=61 * number), value, "", margin if value is not None else None)
        for number, value in enumerate(values)
    )


def chart(*panels: tuple[Point, ...], last: str = "55", title: str = "Landkreis Musterland: Runde 12") -> Chart:
    names = (("Müssen", "Notwendigkeit"), ("Wollen", "Bereitschaft"), ("Können", "Fähigkeit"))
    return Chart(
        title=title,
        axis="Punkte (0 bis 100), keine Prozent. Helles Band: übliche Schwankung",
        panels=tuple(
            Panel(name, caption, points, last, "±12, n\u00a0=\u00a014")
            for (name, caption), points in zip(names, panels, strict=False)
        ),
        since="Jan. 2025",
        until="Nov. 2026",
        gap=HIDDEN,
    )


YEAR = chart(
    rounds(45, 50, 40, 55, None, 50, 55, 60, 55, 60, 55, 55),
    rounds(70, 75, 80, 85, 90, 85, 80, 90, 85, 85, 90, 85),
    rounds(30, 25, 30, 20, 15, 15, 10, None, 20, 25, 30, 25),
)


def picture(drawn: Chart) -> Image.Image:
    with Image.open(BytesIO(draw(drawn))) as image:
        return image.convert("RGB")


def longest_stroke(image: Image.Image) -> int:
    """The longest unbroken run of ink in any row of pixels: a level line, unless something interrupts it."""
    grey, width = image.convert("L").tobytes(), image.width
    rows = (grey[start : start + width] for start in range(0, len(grey), width))
    return max(sum(1 for _ in run) for row in rows for dark, run in groupby(row, lambda p: p < INK) if dark)


def luminance(color: int) -> float:
    part = color / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def contrast(one: int, other: int) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


words = st.text(max_size=60)
margins = st.none() | st.floats(0, 30)


@st.composite
def published(draw_one: st.DrawFn) -> tuple[Point, ...]:
    days = sorted(draw_one(st.sets(st.dates(date(2020, 1, 1), date(2040, 1, 1)), max_size=12)))
    shown = st.one_of(
        st.just((None, "", None)),
        st.tuples(st.integers(0, 100), st.just(""), margins),
        st.tuples(st.just(10), st.just("<"), margins),
        st.tuples(st.just(90), st.just("≥"), margins),
    )
    return tuple(Point(on, *draw_one(shown)) for on in days)


charts = st.builds(
    Chart,
    title=words,
    axis=words,
    panels=st.lists(st.builds(Panel, words, words, published(), words, words), max_size=3).map(tuple),
    since=words,
    until=words,
    gap=words,
)


@given(charts)
def test_the_points_survive_the_outbox_exactly(any_chart: Chart) -> None:
    stored = json.dumps(to_json(any_chart))
    assert from_json(json.loads(stored)) == any_chart


@settings(max_examples=40, deadline=None)
@given(charts)
def test_whatever_is_published_can_be_drawn(any_chart: Chart) -> None:
    drawn = draw(any_chart)
    with Image.open(BytesIO(drawn)) as image:
        assert image.format == "PNG"


@pytest.mark.parametrize(
    "title",
    [
        "Verbandsgemeinde Langenlonsheim-Stromberg im Landkreis Bad Kreuznach (Rheinland-Pfalz) und Nachbarn: Runde 12",
        "Ünvernünftiglangernamederkeinenzwischenraumundkeinenbindestrichkennt" * 3,
        "Straße $\\frac$ \\alpha {ẞ} 🏛️ \n\0 \ud800 東京: Runde 1",
        "",
    ],
)
def test_a_name_may_be_long_or_odd(title: str) -> None:
    assert picture(replace(YEAR, title=title)).width == 1080


def test_a_long_number_shrinks_and_is_not_cut() -> None:
    short, long = (picture(chart(rounds(50), last=last)).convert("L") for last in ("unter 10", "unter 10 oder 90"))
    right = 1080 - 52
    for image in (short, long):
        assert image.crop((right + 4, 0, 1080, image.height)).getextrema() == (255, 255)
    assert short.tobytes() != long.tobytes()


def test_telegram_takes_the_picture_as_a_photo() -> None:
    for drawn in (YEAR, chart(), replace(YEAR, title="Landkreis Musterland an der Großen Muster " * 9)):
        data = draw(drawn)
        with Image.open(BytesIO(data)) as image:
            assert image.width + image.height <= 10_000
            assert max(image.size) <= 20 * min(image.size)
        assert len(data) < 60_000


def test_a_chart_is_always_the_same_bytes() -> None:
    with ThreadPoolExecutor(4) as threads:
        assert {draw(YEAR), *threads.map(draw, [YEAR] * 8)} == {draw(from_json(to_json(YEAR)))}


def test_the_file_tells_nothing_but_the_picture() -> None:
    data = draw(YEAR)
    chunks, at = set(), 8
    while at < len(data):
        chunks.add(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    assert chunks == {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


@pytest.mark.parametrize(
    "other",
    [
        rounds(45, 50, 60),
        rounds(45, 50, 55, margin=9),
        rounds(45, None, 55),
        (*rounds(45, 50), Point(date(2025, 9, 1), 55, "", 12)),
    ],
    ids=["value", "margin", "gap", "date"],
)
def test_another_point_makes_another_picture(other: tuple[Point, ...]) -> None:
    assert draw(chart(other)) != draw(chart(rounds(45, 50, 55)))


def test_a_bound_does_not_look_like_a_value() -> None:
    (known,) = rounds(10)
    assert draw(chart((replace(known, code="<"),))) != draw(chart((known,)))


def test_a_line_joins_neighbours_and_never_crosses_a_gap() -> None:
    whole = longest_stroke(picture(chart(rounds(30, 30, 30, 30, 30))))
    assert whole > 550
    assert longest_stroke(picture(chart(rounds(30, 30, None, 30, 30)))) == pytest.approx(whole / 4, abs=16)
    assert longest_stroke(picture(chart(rounds(30, None, 30, None, 30)))) < 60
    assert longest_stroke(picture(chart(rounds(None, None, None), last=HIDDEN))) < 60


def test_a_band_does_not_cross_a_gap_either() -> None:
    def shaded(points: tuple[Point, ...]) -> int:
        colors = picture(chart(points)).getcolors(1 << 24)
        assert colors is not None
        return sum(count for count, color in colors if color == (0xC3, 0xD3, 0xE6))

    assert 0 < shaded(rounds(30)) < shaded(rounds(30, None, 30)) < shaded(rounds(30, 30, 30)) / 5
    assert shaded(rounds(30, 30, 30, margin=None)) == 0


def test_the_gap_is_explained_only_where_there_is_one() -> None:
    assert picture(chart(rounds(30, None, 30))).height > picture(chart(rounds(30, 30, 30))).height


def test_it_reads_in_greyscale() -> None:
    counts = picture(YEAR).convert("L").histogram()
    # Plain areas cover much; what lies between is the smoothing of edges.
    paper, band = sorted(range(256), key=lambda shade: -counts[shade])[:2]
    ink = min(shade for shade in range(256) if counts[shade] > 1000)
    assert paper == 255
    assert contrast(ink, paper) > 7
    assert contrast(ink, band) > 4.5
    assert contrast(band, paper) > 1.4


def test_no_word_stands_beyond_the_edge() -> None:
    image = picture(YEAR).convert("L")
    for edge in ((0, 0, 40, image.height), (1040, 0, 1080, image.height), (0, 0, 1080, 40)):
        assert image.crop(edge).getextrema() == (255, 255)


def test_importing_the_screens_does_not_import_matplotlib() -> None:
    script = "import sys, screens.chart; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
