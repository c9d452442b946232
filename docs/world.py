"""Make the console's map from world-atlas, which holds Natural Earth's countries as TopoJSON.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python docs/world.py package/countries-50m.json

It projects each country (Equal Earth), simplifies it to what a map 960 wide shows, and writes
serving/ui/world/countries.json: for each alpha-2 code its outline and where its arcs end.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from pathlib import Path
from typing import Any

import pycountry

WIDTH = 960.0
OUT = Path(__file__).parents[1] / "serving" / "ui" / "world" / "countries.json"
SOURCE_SHA256 = "04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394"
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_TOLERANCE = 0.7
Point = tuple[float, float]


def equal_earth(longitude: float, latitude: float) -> Point:
    """Return the Equal Earth projection (Šavrič, Patterson, Jenny 2018), degrees to units."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    square = theta * theta
    sixth = square**3
    below = _A[0] + 3 * _A[1] * square + sixth * (7 * _A[2] + 9 * _A[3] * square)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * below)
    y = theta * (_A[0] + _A[1] * square + sixth * (_A[2] + _A[3] * square))
    return x, -y


_HALF = equal_earth(180, 0)[0]
_TOP = equal_earth(0, 84)[1]


def projected(longitude: float, latitude: float) -> Point:
    """Return a place on the map."""
    x, y = equal_earth(longitude, max(-60.0, min(84.0, latitude)))
    unit = WIDTH / (2 * _HALF)
    return (x + _HALF) * unit, (y - _TOP) * unit


def simplified(points: list[Point], tolerance: float) -> list[Point]:
    """Return the points without those that lie nearer to the line than the tolerance."""
    if len(points) < 3:
        return points
    (x1, y1), (x2, y2) = points[0], points[-1]
    length = math.hypot(x2 - x1, y2 - y1)

    def away(point: Point) -> float:
        if length == 0:
            return math.hypot(point[0] - x1, point[1] - y1)
        return abs((x2 - x1) * (y1 - point[1]) - (x1 - point[0]) * (y2 - y1)) / length

    place = max(range(1, len(points) - 1), key=lambda at: away(points[at]))
    if away(points[place]) < tolerance:
        return [points[0], points[-1]]
    first = simplified(points[: place + 1], tolerance)
    return first[:-1] + simplified(points[place:], tolerance)


def area(points: list[Point]) -> float:
    """Return the area inside a ring."""
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def middle(points: list[Point]) -> Point:
    """Return the middle of a ring's box."""
    xs, ys = zip(*points, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def main() -> None:
    """Write the map."""
    given = Path(sys.argv[1]).read_bytes()
    digest = hashlib.sha256(given).hexdigest()
    if digest != SOURCE_SHA256:
        sys.exit(f"{sys.argv[1]} is another file: its SHA-256 is {digest}")
    topology = json.loads(given)
    (scale_x, scale_y), (move_x, move_y) = (
        topology["transform"]["scale"], topology["transform"]["translate"],
    )  # fmt: skip
    arcs: list[list[Point]] = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append(projected(x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(simplified(points, _TOLERANCE))

    def ring(numbers: list[int]) -> list[Point]:
        points: list[Point] = []
        for number in numbers:
            part = arcs[number] if number >= 0 else arcs[~number][::-1]
            points += part[1:] if points else part
        if max(x for x, _ in points) - min(x for x, _ in points) > 0.6 * WIDTH:
            # It crosses the date line; what lies beyond is folded back onto the map's edge.
            return [(max(x, WIDTH - x), y) for x, y in points]
        return points

    countries: dict[str, Any] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        code = code_of(shape)
        if code is None or code == "AQ":
            continue
        parts = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = sorted((ring(part[0]) for part in parts), key=area, reverse=True)
        kept = [rings[0], *(one for one in rings[1:] if area(one) > 2.5)]
        x, y = middle(rings[0])
        countries[code] = {"d": "".join(map(path, kept)), "x": round(x, 1), "y": round(y, 1)}
    height = math.ceil(projected(0, -60)[1])
    told = {"width": int(WIDTH), "height": height, "countries": dict(sorted(countries.items()))}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(told, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {len(countries)} countries, {OUT.stat().st_size:,} bytes")


def code_of(shape: dict[str, Any]) -> str | None:
    """Return a shape's alpha-2 code; Kosovo has no number in ISO 3166."""
    if shape["properties"]["name"] == "Kosovo":
        return "XK"
    country = pycountry.countries.get(numeric=shape.get("id", ""))
    return country.alpha_2 if country else None


def path(points: list[Point]) -> str:
    """Return a ring as SVG path data, in tenths where it is small."""
    digits = 0 if area(points) > 200 else 1
    told = [(round(x, digits) or 0, round(y, digits) or 0) for x, y in points]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in dict.fromkeys(told)) + "Z"


if __name__ == "__main__":
    main()
