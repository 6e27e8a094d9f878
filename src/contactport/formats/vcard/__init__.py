"""vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350): bytes to contacts, and contacts to bytes.

A reader who follows a card's bytes meets the modules in this order: `reader` (finds whole cards, reads the usual ones
at once), `cards`, `edges` and `content_lines` (the careful way, line by line), `params` (what is before a value),
`properties` with `entries`, `names` and `extensions` (what a value adds to the contact), `values` (escapes and
lists), `builder` (what is settled at the card's end), `undecided` (cards whose character set is not known yet).
`writer` makes cards of contacts.
"""

from contactport.formats.vcard.reader import CARD_BYTES, observe, read, steps
from contactport.formats.vcard.writer import VERSIONS, Version, write

__all__ = ["CARD_BYTES", "VERSIONS", "Version", "observe", "read", "steps", "write"]
