"""What people of a world are called, and where they live."""

from __future__ import annotations

NAMES: dict[str, tuple[str, ...]] = {
    "en": ("Ada", "Ben", "Cleo", "Dylan", "Erin", "Finn", "Grace", "Harry", "Isla", "Jack", "Maeve",
           "Noah", "Orla", "Ruby", "Theo"),
    "da": ("Astrid", "Birk", "Clara", "Emil", "Freja", "Gustav", "Ida", "Jeppe", "Karla", "Lærke",
           "Mads", "Nanna", "Oskar", "Signe", "Villads"),
    "it": ("Alba", "Bruno", "Chiara", "Dario", "Elisa", "Fabio", "Giulia", "Ivan", "Luca", "Marta",
           "Nico", "Olivia", "Piero", "Sara", "Tommaso"),
    "nl": ("Anouk", "Bram", "Daan", "Eva", "Floor", "Gijs", "Hanna", "Jip", "Koen", "Lotte", "Mees",
           "Noor", "Pim", "Sanne", "Thijs"),
}  # fmt: skip

PLACES: dict[str, tuple[str, ...]] = {
    "en": ("GB", "IE", "US"), "da": ("DK",), "it": ("IT",), "nl": ("NL", "NL", "BE"),
}  # fmt: skip

# Titles of sounds: one of each.
MOODS = ("Golden", "Slow", "Paper", "Velvet", "Northern", "Late", "Salt", "Electric", "Little",
         "Sunday", "Quiet", "Amber", "Distant", "Lucky")  # fmt: skip
THINGS = ("Hours", "Harbour", "Lanterns", "Tram", "Garden", "Static", "Tide", "Balcony", "Marbles",
          "Skyline", "Kitchen", "Satellites", "Umbrella", "Postcard")  # fmt: skip
