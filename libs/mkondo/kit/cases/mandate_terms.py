"""Terms of a mandate that must fit each other (contract sections 4 and 12, "Direct debit"). Read next: who.py."""

from mkondo.kit.case import Call, Case, Grade
from mkondo.kit.contract import CREATE
from mkondo.kit.phrases import case, fields, refuses, succeeds

_FIRST = "20990105"

REFUSED: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("first-date-alone", "A first date without a frequency", "INS-39", {"FirstPaymentDate": _FIRST}),
    ("start-day-alone", "A start day without a frequency", "INS-41", {"StartRangeOfDays": "01"}),
    ("end-day-alone", "An end day without a frequency", "INS-42", {"EndRangeOfDays": "22"}),
    ("first-date-past", "A first date that is past", "INS-39", {"Frequency": "04", "FirstPaymentDate": "20200101"}),
    ("expiry-past", "An expiry that is past", "INS-43", {"ExpiryDate": "20200101"}),
    ("expiry-before-first", "An expiry before the first date", "INS-43",
     {"Frequency": "04", "FirstPaymentDate": _FIRST, "ExpiryDate": "20990104"}),
    ("end-before-start", "An end day before the start day", "INS-42",
     {"Frequency": "04", "StartRangeOfDays": "22", "EndRangeOfDays": "21"}),
    *(
        (f"start-day-with-{frequency}", f"A start day with frequency {frequency}", "INS-41",
         {"Frequency": frequency, "StartRangeOfDays": "01"})
        for frequency in ("01", "02", "03", "08")
    ),
    *(
        (f"end-day-with-{frequency}", f"An end day with frequency {frequency}", "INS-42",
         {"Frequency": frequency, "EndRangeOfDays": "22"})
        for frequency in ("01", "02", "03", "08")
    ),
)  # fmt: skip
"""Slug, title, code, and the terms that are wrong together."""

ACCEPTED: tuple[tuple[str, str, dict[str, str]], ...] = (
    *(
        (f"frequency-{frequency}", f"Frequency {frequency} without a first date, which is then today",
         {"Frequency": frequency})
        for frequency in ("01", "02", "03", "04", "05", "06", "07", "08")
    ),
    *(
        (f"days-with-{frequency}", f"A range of days with frequency {frequency}",
         {"Frequency": frequency, "StartRangeOfDays": "01", "EndRangeOfDays": "22"})
        for frequency in ("04", "05", "06", "07")
    ),
    ("one-day", "A range of one day", {"Frequency": "04", "StartRangeOfDays": "15", "EndRangeOfDays": "15"}),
    ("expiry-on-first", "An expiry on the first date",
     {"Frequency": "04", "FirstPaymentDate": _FIRST, "ExpiryDate": _FIRST}),
    ("leap-day", "A leap day is a day", {"Frequency": "04", "FirstPaymentDate": "20960229"}),
    ("expiry-alone", "An expiry without a frequency", {"ExpiryDate": "20991231"}),
    ("empty-terms", "Empty terms count as absent",
     {"Frequency": "", "FirstPaymentDate": "", "StartRangeOfDays": "", "EndRangeOfDays": "", "ExpiryDate": ""}),
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *(
        case(slug, title, Call(CREATE, fields(**terms)), refuses(CREATE, code), "12", Grade.RULING)
        for slug, title, code, terms in REFUSED
    ),
    *(
        case(slug, title, Call(CREATE, fields(**terms)), succeeds(CREATE), "4", Grade.DOCUMENTED)
        for slug, title, terms in ACCEPTED
    ),
)
