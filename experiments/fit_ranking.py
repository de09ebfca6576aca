"""Fit the weights of `skywitness.journeys.ranking` on simulated arrivals, departures and passes.

    python experiments/fit_ranking.py        writes src/skywitness/journeys/ranking.json

Needs SciPy. What is fitted on is drawn with the ranges TUNING; nothing else uses them.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from skywitness import __version__
from skywitness.journeys.ranking import ELSEWHERE, FEATURES, weigh
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.arrivals import TUNING, cut, drawn

COUNT, PASSES = 16_000, 5_000
PENALTY = 2e-4
TARGET = Path(__file__).parents[1] / "src" / "skywitness" / "journeys" / "ranking.json"


def fit(features, elsewhere, airport, truth):
    """Weights of the logit that make the truth likeliest, and how likely that is on average."""
    n, m, k = features.shape
    hit = (airport == truth[:, None]) & (airport >= 0)
    label = np.where(hit.any(axis=1), hit.argmax(axis=1), m)  # a field that is out of reach is elsewhere
    absent = airport < 0

    def loss(w):
        score = features @ w[:k]
        score[absent] = -1e9
        both = np.column_stack((score, elsewhere @ w[k:]))
        both -= both.max(axis=1, keepdims=True)
        p = np.exp(both)
        p /= p.sum(axis=1, keepdims=True)
        value = -np.log(np.maximum(p[np.arange(n), label], 1e-12)).mean()
        p[np.arange(n), label] -= 1.0
        gradient = np.r_[np.einsum("nm,nmk->k", p[:, :m], features), elsewhere.T @ p[:, m]] / n
        return value + PENALTY * (w @ w), gradient + 2 * PENALTY * w

    found = minimize(loss, np.zeros(k + elsewhere.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return found.x[:k], found.x[k:], float(found.fun)


def main() -> None:
    """Draw, weigh, fit, write."""
    gazetteer = load_gazetteer()
    data = drawn(gazetteer, TUNING, COUNT, PASSES)
    rng = np.random.default_rng(5)
    heights = np.exp(rng.uniform(np.log(80.0), np.log(14_000.0), len(data.truth.airport)))
    ends, truth = cut(data, heights)
    table: dict[str, object] = {
        "what": "weights of journeys/ranking.py, fitted by experiments/fit_ranking.py",
        "version": __version__,
        "fitted": datetime.date.today().isoformat(),
        "gazetteer": gazetteer.content_hash,
        "seed": TUNING.seed,
        "ends": len(truth),
        "features": list(FEATURES),
        "elsewhere": list(ELSEWHERE),
    }
    weighed = weigh(ends, gazetteer)
    for name, mask in (("arrival", ends.side == 1), ("departure", ends.side == 0)):
        w, e, value = fit(
            weighed.features[mask].astype(np.float64),
            weighed.elsewhere[mask].astype(np.float64),
            weighed.airport[mask],
            truth[mask],
        )
        print(
            name,
            round(value, 4),
            dict(zip(FEATURES, np.round(w, 2).tolist(), strict=True)),
            dict(zip(ELSEWHERE, np.round(e, 2).tolist(), strict=True)),
        )
        table[name] = {"weights": np.round(w, 4).tolist(), "elsewhere": np.round(e, 4).tolist()}
    # On the ground only the distance to runways and the kind of the field count; set by hand: 1.5 nautical miles from a
    # field with a runway it is as likely that field as none.
    ground = dict.fromkeys(FEATURES, 0.0) | {
        "a_field": 7.0,
        "aligned": 6.0,
        "near": 8.0,
        "large": 1.5,
        "medium": 0.7,
        "not_fixed_wing": -2.5,
        "slow_small": 0.0,
    }
    table["ground"] = {"weights": list(ground.values()), "elsewhere": [2.0, 0.0, 0.0, 0.0, 0.0]}
    TARGET.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
