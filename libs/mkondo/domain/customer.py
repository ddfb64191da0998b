"""What the sandbox says a customer is called: always the same name for a number, and nobody's in particular.

Pure. In live the name is the account holder's, told when the account was opened (account.py).
"""

FIRST_NAMES = ("Asha", "Juma", "Neema", "Baraka", "Zawadi", "Kofi", "Ama", "Thabo", "Palesa", "Jean", "Grace", "Tiago")
LAST_NAMES = ("Mushi", "Mwangi", "Mensah", "Boateng", "Mokoena", "Molefe", "Kabila", "Ilunga", "Macuacua", "Sitoe")


def sandbox_name(msisdn: str) -> tuple[str, str]:
    """First and last name of an invented customer."""
    number = int(msisdn)
    return FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
