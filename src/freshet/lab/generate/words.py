"""Names for things of made-up apps, in English, Danish, Italian and Dutch."""

from __future__ import annotations

LANGUAGES = ("en", "da", "it", "nl")
COUNTRIES = {"en": "GB", "da": "DK", "it": "IT", "nl": "NL"}

# topic -> hashtags by language, two each
TOPICS: dict[str, dict[str, tuple[str, str]]] = {
    "baking": {"en": ("baking", "sourdough"), "da": ("bagning", "surdej"),
               "it": ("dolcifattiincasa", "lievitomadre"), "nl": ("bakken", "zuurdesem")},
    "cats": {"en": ("catlife", "kitten"), "da": ("katteliv", "killing"),
             "it": ("vitadagatto", "gattino"), "nl": ("kattenleven", "poesje")},
    "cycling": {"en": ("cycling", "bikepacking"), "da": ("cykelliv", "cykeltur"),
                "it": ("ciclismo", "inbici"), "nl": ("fietsen", "fietstocht")},
    "dance": {"en": ("dance", "choreography"), "da": ("dans", "koreografi"),
              "it": ("ballo", "coreografia"), "nl": ("dansen", "choreografie")},
    "drawing": {"en": ("drawing", "sketchbook"), "da": ("tegning", "skitsebog"),
                "it": ("disegno", "schizzi"), "nl": ("tekenen", "schetsboek")},
    "football": {"en": ("football", "freekick"), "da": ("fodbold", "frispark"),
                 "it": ("calcio", "punizione"), "nl": ("voetbal", "vrijetrap")},
    "gardening": {"en": ("gardening", "allotment"), "da": ("haveliv", "kolonihave"),
                  "it": ("giardinaggio", "orto"), "nl": ("tuinieren", "moestuin")},
    "hiking": {"en": ("hiking", "summit"), "da": ("vandring", "toppen"),
               "it": ("escursione", "cima"), "nl": ("wandelen", "bergtop")},
    "knitting": {"en": ("knitting", "yarn"), "da": ("strik", "garn"),
                 "it": ("maglia", "gomitolo"), "nl": ("breien", "garenwinkel")},
    "magic": {"en": ("magic", "cardtrick"), "da": ("trylleri", "korttrick"),
              "it": ("magia", "giocodicarte"), "nl": ("goochelen", "kaarttruc")},
    "pasta": {"en": ("pasta", "dinnerideas"), "da": ("pastaret", "aftensmad"),
              "it": ("pastafresca", "cenaveloce"), "nl": ("pastarecept", "avondeten")},
    "piano": {"en": ("piano", "pianocover"), "da": ("klaver", "klaverspil"),
              "it": ("pianoforte", "musicaalpiano"), "nl": ("pianospelen", "pianoles")},
    "running": {"en": ("running", "marathon"), "da": ("loeb", "maraton"),
                "it": ("corsa", "maratona"), "nl": ("hardlopen", "marathonlopen")},
    "sea": {"en": ("sea", "coldswim"), "da": ("havet", "vinterbad"),
            "it": ("mare", "nuotata"), "nl": ("zee", "winterzwemmen")},
    "stars": {"en": ("astronomy", "nightsky"), "da": ("astronomi", "nattehimmel"),
              "it": ("astronomia", "cielostellato"), "nl": ("sterrenkunde", "nachthemel")},
    "woodwork": {"en": ("woodwork", "joinery"), "da": ("traearbejde", "snedkeri"),
                 "it": ("falegnameria", "legno"), "nl": ("houtbewerking", "meubelmaker")},
}  # fmt: skip

NAMES = (
    "ada", "aksel", "alba", "anna", "bram", "carlo", "clara", "daan", "dina", "elio", "emma",
    "femke", "fiona", "freja", "gaia", "george", "hanne", "ida", "jonas", "julia", "karen", "lars",
    "leo", "lotte", "luca", "mads", "maria", "mette", "milo", "nina", "noor", "oliver", "paolo",
    "ruth", "sanne", "sofia", "thijs", "tom", "vera", "willem",
)  # fmt: skip
MAKERS = ("studio", "club", "daily", "corner", "werk", "liv", "casa", "lab")


def names(count: int) -> list[str]:
    """`count` different names: ada, aksel, …, ada2, …"""
    return [NAMES[i % len(NAMES)] + (str(i // len(NAMES) + 1) if i >= len(NAMES) else "")
            for i in range(count)]  # fmt: skip
