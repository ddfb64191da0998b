"""What a log line never holds, whatever it was given (architecture section 8)."""

import json
import logging

from services.cli.logging import JsonLines


def line(message: str, trouble: Exception | None = None, **fields: object) -> str:
    information = (type(trouble), trouble, None) if trouble else None
    record = logging.getLogger("mkondo.test").makeRecord(
        "mkondo.test", logging.ERROR, __file__, 1, message, (), information, extra=fields
    )
    return JsonLines().format(record)


def test_an_msisdn_is_shortened_wherever_it_stands() -> None:
    said = line("parked", KeyError("account/wallet/demo/255744553111/TZS"), about="account/wallet//26650123456/LSL")
    assert "255744553111" not in said
    assert "26650123456" not in said
    assert json.loads(said)["about"] == "account/wallet//266…56/LSL"


def test_other_numbers_stay_as_they_are() -> None:
    payment = "01a20b0a7a660d3bed6f273abe1131a6"
    fields = json.loads(line("batch", payment=payment, sequence=1_234_567, digits="9" * 20))
    assert (fields["payment"], fields["sequence"], fields["digits"]) == (payment, 1_234_567, "9" * 20)
