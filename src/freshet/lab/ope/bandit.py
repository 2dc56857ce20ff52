"""A bandit whose truth is known: 10 actions, a logistic reward, one policy that logs and one
that is asked about.

    context x ~ N(0, 1)^5;  reward ~ Bernoulli(sigmoid(θ_a · x + β_a - 1))
    logging policy  ∝ exp(.5 φ_a · x);  asked about ∝ exp(1.5 (θ_a · x + β_a))

The world (θ, β, φ) follows from one pinned seed; each log drawn from it has its own. The
policy asked about knows what is good and the other does not, so weights are uneven, as they
are when a new ranker is judged by an old one's log.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.learning.off_policy import Array, Doubles, Logged, halves

ACTIONS, CONTEXT = 10, 5
WORLD = 20_221_122  # pinned: the world is part of the protocol
TRUTH_CONTEXTS = 1_000_000
RIDGE, NEWTON_STEPS = 1.0, 6


@dataclass(frozen=True, slots=True, eq=False)
class Bandit:
    theta: Doubles  # (actions, context + 1), the last is β - 1
    phi: Doubles  # (actions, context)

    @classmethod
    def pinned(cls) -> Bandit:
        rng = np.random.default_rng(WORLD)
        theta = rng.normal(size=(ACTIONS, CONTEXT + 1))
        theta[:, -1] -= 1.0
        return cls(theta, rng.normal(size=(ACTIONS, CONTEXT)))

    def rewards(self, x: Doubles) -> Doubles:
        """(n, actions) expected rewards in contexts (n, context)."""
        return _sigmoid(self._logits(x))

    def logging(self, x: Doubles) -> Doubles:
        """(n, actions) probabilities of the policy that logs."""
        return _softmax(0.5 * x @ self.phi.T)

    def asked(self, x: Doubles) -> Doubles:
        """(n, actions) probabilities of the policy asked about."""
        return _softmax(1.5 * self._logits(x))

    def _logits(self, x: Doubles) -> Doubles:
        return x @ self.theta[:, :-1].T + self.theta[:, -1]

    def truth(self) -> float:
        """What the policy asked about earns, to about four digits."""
        rng, total = np.random.default_rng(WORLD + 1), 0.0
        for _ in range(10):
            x = rng.normal(size=(TRUTH_CONTEXTS // 10, CONTEXT))
            total += float((self.asked(x) * self.rewards(x)).sum())
        return total / TRUTH_CONTEXTS

    def log(self, rounds: int, rng: np.random.Generator) -> Logged:
        """`rounds` decisions of the logging policy, with rewards predicted by `predicted`."""
        x = rng.normal(size=(rounds, CONTEXT))
        logging, asked, row = self.logging(x), self.asked(x), np.arange(rounds)
        action = (logging.cumsum(axis=1) < rng.random((rounds, 1))).sum(axis=1)
        action = np.minimum(action, ACTIONS - 1)  # of a sum that ends below 1
        reward = (rng.random(rounds) < self.rewards(x)[row, action]).astype(np.float64)
        q = predicted(x, action, reward, ACTIONS, rng)
        return Logged(
            reward,
            logging[row, action],
            asked[row, action],
            q[row, action],
            (asked * q).sum(axis=1),
        )


def predicted(
    x: Doubles, action: Array, reward: Doubles, actions: int, rng: np.random.Generator
) -> Doubles:
    """(n, actions) chances of a reward, each half of the rows by models fitted on the other:
    one logistic regression per action, shrunk towards what is usual, so that an action seldom
    chosen is taken for an average one."""
    wide = np.column_stack([x, np.ones(len(x))])
    found = np.empty((len(x), actions))
    for fit, ask in halves(len(x), rng):
        usual = np.clip(reward[fit].mean(), 1e-6, 1 - 1e-6)
        usual = np.log(usual / (1 - usual))
        for a in range(actions):
            rows = fit[action[fit] == a]
            found[ask, a] = _sigmoid(usual + wide[ask] @ _logistic(wide[rows], reward[rows], usual))
    return found


def _logistic(x: Doubles, reward: Doubles, usual: float) -> Doubles:
    """Weights of a ridge logistic regression beside an intercept, by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        p = _sigmoid(usual + x @ weights)
        curve = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curve, x.T @ (reward - p) - RIDGE * weights)
    return weights


def _sigmoid(logits: Doubles) -> Doubles:
    chances: Doubles = 1.0 / (1.0 + np.exp(-logits))
    return chances


def _softmax(logits: Doubles) -> Doubles:
    high = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Doubles = high / high.sum(axis=1, keepdims=True)
    return shares
