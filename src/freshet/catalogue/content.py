"""What a video is made of, as one direction in 64 dimensions that is there at once.

Every word, hashtag, topic, sound or piece of a word has a direction of its own: 64 signs,
the bits of its hash. A family of features is the sum of its directions at length 1, the
vector the weighted sum of its families at length 1, as int8 (× 127):

    words     caption, hashtags, topics and category share their words: #cats is near "cats"
    grams     3 to 5 letters of them, boundaries marked; 1 to 3 where scripts use no spaces
    hashtags, topics, category, sound, effects, traits    whole
    own       the team's own vector of any length, through fixed random signs

No id of the video and no popularity: a video nobody has seen lies where its like lie. Two
videos with nothing in common have a cosine of 0 ± 1/8. No state: the same input gives the
same bytes on every machine, for ever, or the vectors in a log would change their meaning.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from freshet.domain.errors import Refused
from freshet.state.compiled import allocating, kernel

WIDTH = 64  # dimensions, and bits of a hash
UNIT = 127  # of the int8
TEXT_MAX = 2_500  # code points of a caption that count
OWN_MAX = 4_096  # dimensions of the team's own vector

# Families and their shares. A topic is said on purpose and right; a piece of a word is a hint.
WORDS, GRAMS, HASHTAGS, TOPICS, CATEGORY, SOUND, EFFECTS, TRAITS, OWN = range(9)
SHARES_WORDS = np.array([1, 0, 1, 1, 1, 0, 0, 0, 0], np.bool_)
WEIGHTS = np.array([0.5, 0.5, 0.8, 1.0, 0.6, 0.5, 0.3, 0.3, 1.2], np.float32)

# Anything but spaces and punctuation; emoji and combining marks belong to words.
_WORD = re.compile(r"[^\s!-/:-@\[-`{-~\u00a1-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f]+")
# Beyond this code point, or in Thai to Khmer, words are not set apart by spaces.
_UNSPACED, _THAI, _KHMER = 0x2E80, 0x0E00, 0x17FF
RUN_MAX = 3  # longest run of such a script that can be taken for a word
_EDGE = 0x5F  # "_" before and after a word
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a


def content_vector(
    caption: str = "",
    hashtags: Iterable[str] = (),
    sound: str = "",
    topics: Iterable[str] = (),
    category: str = "",
    effects: Iterable[str] = (),
    own: Sequence[float] | None = None,
    traits: Mapping[str, str] | None = None,
) -> bytes:
    """int8 (64,) as 64 bytes: a unit vector × 127; all 0 if nothing is known.

    Raises:
        Refused: `own` holds what is no finite number, or too many of them.

    >>> cats, dogs, same = (content_vector(topics=[t]) for t in ("cats", "dogs", "Cats"))
    >>> cats == same, -0.4 < cosine(cats, dogs) < 0.4
    (True, True)
    """
    tags, about = [_plain(tag) for tag in hashtags], [_plain(topic) for topic in topics]
    kind = _plain(category)
    words = _WORD.findall(_plain(caption[:TEXT_MAX]))
    named = [*words, *tags, *about, *([kind] if kind else ())]
    marks = [f"{name}={value}" for name, value in (traits or {}).items() if value]
    families = (
        (WORDS, words), (GRAMS, named), (HASHTAGS, tags), (TOPICS, about),
        (CATEGORY, [kind] if kind else []), (SOUND, [sound] if sound else []),
        (EFFECTS, list(effects)), (TRAITS, marks),
    )  # fmt: skip
    pieces = [(family, text) for family, texts in families for text in texts if text]
    text = "".join(piece for _, piece in pieces).encode("utf-32-le", "surrogatepass")
    ends = np.cumsum([len(piece) for _, piece in pieces], dtype=np.int64)
    out = np.zeros(WIDTH, np.int8)
    _make(
        np.frombuffer(text, np.uint32), ends,
        np.array([family for family, _ in pieces], np.int64), _checked(own), WEIGHTS, out,
    )  # fmt: skip
    return out.tobytes()


def cosine(one: bytes, other: bytes) -> float:
    """Of two vectors as `content_vector` makes them; 0 if one is all 0."""
    a, b = (np.frombuffer(v, np.int8).astype(np.float64) for v in (one, other))
    length = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / length if length else 0.0


def _plain(text: str) -> str:
    """One form for what reads the same: compatibility characters and case folded."""
    return unicodedata.normalize("NFKC", text).casefold().strip("# \t\n")


def _checked(own: Sequence[float] | None) -> np.ndarray:
    try:
        vector = np.asarray([] if own is None else own, np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise Refused("vector", "is no list of numbers", "finite numbers") from None
    if len(vector) > OWN_MAX:
        raise Refused("vector", f"has {len(vector)} dimensions", f"at most {OWN_MAX}")
    if not np.isfinite(vector).all():
        raise Refused("vector", "holds what is no finite number", "finite numbers")
    largest = float(np.abs(vector).max()) if len(vector) else 0.0
    return vector / largest if largest > 0 else vector[:0]


@kernel
def _signs(h, weight, out):
    """Add the direction of a hash: its 64 bits, mixed so that near hashes are far apart."""
    h ^= h >> np.uint64(30)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(27)
    h *= np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(31)
    for j in range(WIDTH):
        bit = (h >> np.uint64(j)) & np.uint64(1)
        out[j] += weight if bit else -weight


@kernel
def _hash(codes, first, end, salt):
    h = (_OFFSET ^ np.uint64(salt)) * _PRIME
    for k in range(first, end):
        h = (h ^ np.uint64(codes[k])) * _PRIME
    return h


@kernel
def _is_unspaced(code):
    return code >= _UNSPACED or _THAI <= code <= _KHMER


@allocating
def _grams(codes, first, end, out):
    """Pieces of one word."""
    unspaced = _is_unspaced(codes[first])
    shortest, longest = (1, 3) if unspaced else (3, 5)
    length = end - first + 2
    word = np.empty(length, np.uint32)
    word[0] = word[length - 1] = _EDGE
    word[1 : length - 1] = codes[first:end]
    begin, stop = (1, length - 1) if unspaced else (0, length)
    for size in range(shortest, longest + 1):
        for at in range(begin, stop - size + 1):
            # Single signs of such a script say little each.
            weight = np.float32(0.3) if size == 1 else np.float32(1.0)
            _signs(_hash(word, at, at + size, GRAMS), weight, out)


@allocating
def _make(codes, ends, families, own, weights, out):
    """The vector of pieces of text, `codes[ends[i - 1] : ends[i]]` of family `families[i]`."""
    sums = np.zeros((len(weights), WIDTH), np.float32)
    first = 0
    for i in range(len(ends)):
        end, family = ends[i], families[i]
        if family == GRAMS:
            _grams(codes, first, end, sums[GRAMS])
        else:
            salt = WORDS if SHARES_WORDS[family] else family
            # Short words are mostly the language's own ("the", "de"), and frequent.
            rare = np.float32(1.0)
            if family == WORDS:
                rare = np.float32(min(end - first, 8) / 8.0)
                if end - first > RUN_MAX and _is_unspaced(codes[first]):
                    rare = np.float32(0.0)  # a whole sentence, which nobody writes twice
            _signs(_hash(codes, first, end, salt), rare, sums[family])
        first = end
    for k in range(len(own)):
        if own[k] != 0.0:
            _signs(_OFFSET + np.uint64(k) * _PRIME, np.float32(own[k]), sums[OWN])
    total = np.zeros(WIDTH, np.float32)
    for family in range(len(weights)):
        length = np.sqrt((sums[family] * sums[family]).sum())
        if length > 0:
            total += sums[family] * (weights[family] / length)
    length = np.sqrt((total * total).sum())
    if length > 0:
        for j in range(WIDTH):
            out[j] = np.int8(np.rint(UNIT * total[j] / length))
