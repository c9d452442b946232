"""Runs in a Python that has nomenklatura: pairs as JSON on standard input, scores on its output."""

from __future__ import annotations

import json
import sys
import time

from followthemoney import model
from nomenklatura.matching import get_algorithm


def main() -> None:
    """Score each pair with logic-v2 and say the processor's seconds, the first pair left out."""
    algorithm = get_algorithm("logic-v2")
    config = algorithm.default_config()
    pairs = json.load(sys.stdin)
    scores = []
    start = time.process_time()
    for number, (a, b, kind) in enumerate(pairs):
        entities = []
        for side, name in (("a", a), ("b", b)):
            entity = model.make_entity("Person" if kind == "person" else "Organization")
            entity.id = f"{number}{side}"  # what it has parsed is kept by identifier
            entity.add("name", name)
            entities.append(entity)
        scores.append(algorithm.compare(*entities, config).score)
        if number == 0:
            start = time.process_time()
    json.dump({"scores": scores, "seconds": time.process_time() - start}, sys.stdout)


if __name__ == "__main__":
    main()
