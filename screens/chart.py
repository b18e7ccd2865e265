"""Published values as a picture: one calm panel per dimension, read from top to bottom on a phone."""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from itertools import groupby
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties
    from matplotlib.ft2font import FT2Font


@dataclass(frozen=True)
class Point:
    """One closed round. ``value`` None: not shown, a gap. With the code "<" or "≥" the value is the bound itself."""

    on: date
    value: int | None
    code: str = ""
    margin: float | None = None


@dataclass(frozen=True)
class Panel:
    """A dimension. ``last`` names the last round's value ("55", "≥ 90", "nicht ausgewiesen"), ``detail`` its margin."""

    name: str
    caption: str
    points: tuple[Point, ...]
    last: str
    detail: str = ""


@dataclass(frozen=True)
class Chart:
    """All in the reader's language. ``since`` and ``until`` date the first and last round; ``gap`` explains "–"."""

    title: str
    axis: str
    panels: tuple[Panel, ...]
    since: str
    until: str
    gap: str


def to_json(chart: Chart) -> dict[str, object]:
    return {
        "title": chart.title,
        "axis": chart.axis,
        "panels": [
            {
                "name": panel.name,
                "caption": panel.caption,
                "points": [[point.on.isoformat(), point.value, point.code, point.margin] for point in panel.points],
                "last": panel.last,
                "detail": panel.detail,
            }
            for panel in chart.panels
        ],
        "since": chart.since,
        "until": chart.until,
        "gap": chart.gap,
    }


def from_json(data: dict[str, Any]) -> Chart:
    panels = (
        panel | {"points": tuple(Point(date.fromisoformat(on), *rest) for on, *rest in panel["points"])}
        for panel in data["panels"]
    )
    return Chart(**data | {"panels": tuple(Panel(**panel) for panel in panels)})


# Pixels of a picture 1080 wide. A phone shows it at a third, so 36 here are 12 there.
_WIDTH = 1080
_EDGE = 52
_LEFT, _RIGHT = 164, 744
_BESIDE = 38
_ROOM = _WIDTH - _EDGE - _RIGHT - _BESIDE
_HEAD, _PLOT, _FOOT = 86, 220, 74
_LEADING = 1.25

# One hue in steps of lightness: they stay apart in greyscale and for every kind of colour blindness.
_INK, _SOFT, _BAND, _GRID = "#12355b", "#4d5864", "#c3d3e6", "#b3bbc4"


def draw(chart: Chart) -> bytes:
    """Make the PNG: the same bytes for the same chart, on any thread."""
    # matplotlib takes half a second to import, and most commands never draw.
    from matplotlib import get_data_path  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.font_manager import FontProperties, get_font  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    def lettering(file: str, size: float, color: str) -> _Type:
        # By path, and out of matplotlib itself: every machine draws the same picture.
        path = Path(get_data_path(), "fonts", "ttf", file)
        return _Type(FontProperties(fname=path, size=size), get_font(path), size, color)

    title = lettering("DejaVuSans-Bold.ttf", 48, _INK)
    text = lettering("DejaVuSans.ttf", 36, _SOFT)
    small = lettering("DejaVuSans.ttf", 30, _SOFT)

    points = [point for panel in chart.panels for point in panel.points]
    heading = title.rows(chart.title, _WIDTH - 2 * _EDGE, most=3)
    axis = text.rows(chart.axis, _WIDTH - 2 * _EDGE, most=2)
    gap = text.rows(f"– {chart.gap}", _WIDTH - 2 * _EDGE, most=2) if any(p.value is None for p in points) else []
    top = _EDGE + title.tall(heading) + text.tall(axis) + 30
    foot = top + len(chart.panels) * (_HEAD + _PLOT + _FOOT) - 20
    below = foot + small.tall([chart.until]) + 16
    height = round(below + text.tall(gap)) + _EDGE - 16

    figure = Figure(figsize=(_WIDTH / 72, height / 72), dpi=72, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    days = [point.on.toordinal() for point in points] or [0]
    sheet = _Sheet(
        axes=axes,
        name=lettering("DejaVuSans-Bold.ttf", 44, _INK),
        value=lettering("DejaVuSans-Bold.ttf", 72, _INK),
        text=text,
        small=small,
        first=min(days),
        last=max(days),
    )
    sheet.write(title, heading, _EDGE, _EDGE)
    sheet.write(text, axis, _EDGE, _EDGE + title.tall(heading))
    for row, panel in enumerate(chart.panels):
        sheet.draw(panel, top + row * (_HEAD + _PLOT + _FOOT))
    half = (_RIGHT - _LEFT) / 2 - 10
    if sheet.first < sheet.last:
        sheet.write(small, small.rows(chart.since, half, most=1), _LEFT, foot)
    if points:
        sheet.write(small, small.rows(chart.until, half, most=1), _RIGHT, foot, "right")
    sheet.write(text, gap, _EDGE, below)

    pixels, png = BytesIO(), BytesIO()
    figure.savefig(pixels, format="rgba", dpi=72)
    # A palette takes a third of the bytes, and Pillow writes neither a program's name nor a time.
    picture = Image.frombytes("RGBA", (_WIDTH, height), pixels.getvalue())
    picture.convert("RGB").quantize(64).save(png, "PNG")
    return png.getvalue()


@dataclass(frozen=True)
class _Type:
    """A font in one size and colour, which can tell what it is able to write and how much room that takes."""

    properties: "FontProperties"
    font: "FT2Font"
    size: float
    color: str

    def clean(self, text: str) -> str:
        """Leave out what the font cannot write (an emoji in a name): matplotlib would warn and print a box."""
        known = (c if self.font.get_char_index(ord(c)) else " " if c.isspace() else "" for c in text)
        return re.sub(" +", " ", "".join(known)).strip()

    def tall(self, rows: list[str]) -> float:
        return len(rows) * self.size * _LEADING

    def width(self, text: str) -> float:
        self.font.set_size(self.size, 72)
        self.font.set_text(text)
        return self.font.get_width_height()[0] / 64

    def rows(self, text: str, room: float, most: int) -> list[str]:
        """Break after blanks and hyphens; what is still too long ends in an ellipsis."""
        rows = [""]
        for piece in re.findall(r"[^ -]*[ -]|[^ -]+", self.clean(text)):
            if rows[-1] and len(rows) < most and self.width((rows[-1] + piece).rstrip()) > room:
                rows.append("")
            rows[-1] += piece
        return [self._cut(row.strip(), room) for row in rows if row.strip()]

    def _cut(self, text: str, room: float) -> str:
        if self.width(text) <= room:
            return text
        fitting = bisect_right(range(1, len(text)), room, key=lambda end: self.width(text[:end].rstrip() + "…"))
        return text[:fitting].rstrip() + "…"

    def fitting(self, text: str, room: float) -> "_Type":
        """Smaller if need be: a number is never cut."""
        size = self.size * min(room / max(self.width(text), 1), 1)
        properties = self.properties.copy()
        properties.set_size(size)
        return replace(self, properties=properties, size=size)


@dataclass(frozen=True)
class _Sheet:
    """One pair of axes for the whole picture: pixels from the top left, like the layout."""

    axes: "Axes"
    name: _Type
    value: _Type
    text: _Type
    small: _Type
    first: int
    last: int

    def write(
        self, kind: _Type, rows: list[str], x: float, top: float, align: Literal["left", "center", "right"] = "left"
    ) -> None:
        for row, text in enumerate(rows):
            self.axes.text(
                x,
                top + (row * _LEADING + 0.9) * kind.size,
                text,
                fontproperties=kind.properties,
                color=kind.color,
                horizontalalignment=align,
                parse_math=False,  # a dollar sign in a name opens no formula
            )

    def draw(self, panel: Panel, top: float) -> None:
        name = self.name.rows(panel.name, _WIDTH / 2, most=1)
        beside = _EDGE + sum(map(self.name.width, name)) + 20
        self.write(self.name, name, _EDGE, top)
        self.write(self.text, self.text.rows(panel.caption, _WIDTH - _EDGE - beside, most=1), beside, top + 7)

        floor = top + _HEAD + _PLOT
        self._bands(panel.points, floor)
        for value in (0, 50, 100):
            y = _y(value, floor)
            self.axes.plot((_LEFT - 20, _RIGHT + 20), (y, y), color=_GRID, linewidth=2)
            self.write(self.small, [str(value)], _LEFT - 36, y - 16, "right")
        self._dots(panel.points, floor)
        self._name_last(panel, floor)

    def _x(self, point: Point) -> float:
        # Counted from the right, so that a first round by itself stands where every last one does: beside its value.
        return _RIGHT - (_RIGHT - _LEFT) * (self.last - point.on.toordinal()) / max(self.last - self.first, 1)

    def _bands(self, points: tuple[Point, ...], floor: float) -> None:
        for banded, run in groupby(points, lambda point: point.value is not None and point.margin is not None):
            if not banded:
                continue
            spots = [(self._x(point), *_reach(point)) for point in run]
            if len(spots) == 1:
                # A round by itself has no neighbour to stretch its band to.
                x, low, high = spots[0]
                spots = [(x - 14, low, high), (x + 14, low, high)]
            self.axes.fill_between(
                [x for x, _, _ in spots],
                [_y(low, floor) for _, low, _ in spots],
                [_y(high, floor) for _, _, high in spots],
                color=_BAND,
                linewidth=0,
            )

    def _dots(self, points: tuple[Point, ...], floor: float) -> None:
        xs = [self._x(point) for point in points]
        ys = [_y(point.value, floor) for point in points]
        self.axes.plot(xs, ys, color=_INK, linewidth=4, marker="o", markersize=17, markeredgewidth=0)
        for point, x, y in zip(points, xs, ys, strict=True):
            if point.value is None:
                self.write(self.small, ["–"], x, floor + 4, "center")
            elif point.code:
                # The bound is known, the value is not: an open dot, its sign on the side that has room.
                self.axes.plot(x, y, color="white", marker="o", markersize=14, markeredgecolor=_INK, markeredgewidth=4)
                self.write(
                    self.small, [self.small.clean(point.code)], x, y + (6 if point.value > 50 else -46), "center"
                )

    def _name_last(self, panel: Panel, floor: float) -> None:
        x = _RIGHT + _BESIDE
        value = panel.points[-1].value if panel.points else None
        if value is None:
            rows = self.text.rows(panel.last, _ROOM, most=3)
            self.write(self.text, rows, x, floor - self.text.tall(rows))
            return
        last = self.value.clean(panel.last)
        kind = self.value.fitting(last, _ROOM)
        detail = self.text.rows(panel.detail, _ROOM, most=2)
        top = min(max(_y(value, floor) - kind.size / 2, floor - _PLOT), floor - kind.size - self.text.tall(detail))
        self.write(kind, [last], x, top)
        self.write(self.text, detail, x, top + kind.size + 4)


def _y(value: float | None, floor: float) -> float:
    # matplotlib breaks a line at what is not a number.
    return nan if value is None else floor - _PLOT * value / 100


def _reach(point: Point) -> tuple[float, float]:
    """From where to where the value may swing; behind a bound it may lie anywhere."""
    value, margin = point.value or 0, point.margin or 0
    return (
        0 if point.code == "<" else max(value - margin, 0),
        100 if point.code == "≥" else min(value + margin, 100),
    )
