"""The picture of curves: well-formed, and each point where its value says."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.bench.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Curve, Panel, drawn, scale_of

SVG = "{http://www.w3.org/2000/svg}"


def test_a_flat_curve_is_drawn_flat() -> None:
    """From the left edge to the right one, at one height."""
    picture = ElementTree.fromstring(drawn([Panel("rows & <links>", [Curve("rows", [(100, 12), (10_000, 12)])])]))
    [line] = picture.iter(f"{SVG}polyline")
    (left, one), (right, other) = (
        [float(part) for part in point.split(",")] for point in line.attrib["points"].split()
    )

    assert (left, right, one) == (LEFT, WIDTH - RIGHT, other)
    assert TOP <= one <= HEIGHT - BOTTOM
    assert "rows & <links>" in {text.text for text in picture.iter(f"{SVG}text")}


def test_panels_stand_two_in_a_row() -> None:
    """And all of them fit into the picture."""
    panels = [Panel(name, [Curve("c", [(1, 1), (10, 5)])]) for name in "abc"]
    picture = ElementTree.fromstring(drawn(panels))

    assert [one.attrib["transform"] for one in picture.iter(f"{SVG}g")] == [
        "translate(0,0)",
        f"translate({WIDTH},0)",
        f"translate(0,{HEIGHT})",
    ]
    assert picture.attrib["viewBox"] == f"0 0 {2 * WIDTH} {2 * HEIGHT}"


def test_a_power_of_ten_is_as_far_as_the_next() -> None:
    """What costs nothing lies at the bottom."""
    scale = scale_of([0, 1, 10, 1000], 100)

    assert [scale.at(value) for value in (0, 0.1, 1, 10, 1000)] == [0, 0, 25, 50, 100]
