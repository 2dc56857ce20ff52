"""Logarithms and powers in float32, written out: the same bits on every machine, and eight
at a time where a loop has nothing else in it (a call into a library cannot be vectorised).

A float32 is 2^k · m; shifting its bits gives k, masking them m in [√½, √2). What is left is
a short series. Logarithms are off by at most 4e-7, or by that share of them; powers of e by
1e-7 of the result near e^0 and 4e-6 of it far away.
"""

from __future__ import annotations

import numpy as np

from freshet.state.compiled import inlined

F = np.float32
MANTISSA = np.int32(23)  # bits
HALF_ROOT = np.int32(0x3F3504F3)  # bits of √½
BIAS = np.int32(127)
LN2 = F(0.6931471805599453)
PER_LN2 = F(1.4426950408889634)
LEAST = F(-87.0)  # e to the power of less counts as e to this: a denormal would be slow
# Series of 2 · artanh(s) / s in s², and of e^z.
A1, A2, A3, A4, A5 = F(2 / 3), F(2 / 5), F(2 / 7), F(2 / 9), F(2 / 11)
E2, E3, E4, E5, E6 = F(1 / 2), F(1 / 6), F(1 / 24), F(1 / 120), F(1 / 720)


@inlined
def ln_ratio(a, b):
    """ln(a / b) for float32 a and b above 0; one division in all."""
    bits_a, bits_b = F(a).view(np.int32), F(b).view(np.int32)
    k_a = np.int32(np.int32(bits_a - HALF_ROOT) >> MANTISSA)
    k_b = np.int32(np.int32(bits_b - HALF_ROOT) >> MANTISSA)
    m_a = np.int32(bits_a - np.int32(k_a << MANTISSA)).view(np.float32)
    m_b = np.int32(bits_b - np.int32(k_b << MANTISSA)).view(np.float32)
    s = (m_a - m_b) / (m_a + m_b)
    q = s * s
    return F(k_a - k_b) * LN2 + s * (F(2.0) + q * (A1 + q * (A2 + q * (A3 + q * (A4 + q * A5)))))


@inlined
def ln(a):
    """ln(a) of a float32 above 0."""
    return ln_ratio(a, F(1.0))


@inlined
def ln1p(a):
    """ln(1 + a) of a float32; what is below 0 counts as 0."""
    return ln_ratio(F(1.0) + max(F(a), F(0.0)), F(1.0))


@inlined
def e_to(x):
    """e^x of a float32 from -87 to 87."""
    y = max(F(x), LEAST) * PER_LN2
    n = np.floor(y + F(0.5))
    z = (y - n) * LN2
    series = F(1.0) + z * (F(1.0) + z * (E2 + z * (E3 + z * (E4 + z * (E5 + z * E6)))))
    return series * np.int32(np.int32(np.int32(n) + BIAS) << MANTISSA).view(np.float32)
