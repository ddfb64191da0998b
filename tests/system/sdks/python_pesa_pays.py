"""Pays with python-pesa 0.7, as its own documentation says. The demo's facts come in as JSON, answers go out as JSON.

Run in the SDK's own environment, which knows nothing of this platform. It opens a session for every call by itself.
"""

import json
import sys

import pypesa

demo = json.load(sys.stdin)
mpesa = pypesa(environment="sandbox")
mpesa.api_key = demo["api_key"]
mpesa.public_key = demo["public_key"]

session = mpesa.get_session_id()
paid = mpesa.customer_to_bussiness(
    {
        "input_Amount": "10",
        "input_Country": demo["country"],
        "input_Currency": demo["currency"],
        "input_CustomerMSISDN": demo["customer_msisdn"],
        "input_ServiceProviderCode": demo["service_provider_code"],
        "input_ThirdPartyConversationID": demo["conversation_id"],
        "input_TransactionReference": "T23434ZE5",
        "input_PurchasedItemsDesc": "Python Book",
    }
)
found = mpesa.query_transaction_status(
    {
        "input_QueryReference": paid["output_TransactionID"],
        "input_ServiceProviderCode": demo["service_provider_code"],
        "input_ThirdPartyConversationID": demo["conversation_id"] + "q",
        "input_Country": demo["country"],
    }
)
common = {
    "input_Amount": "10",
    "input_Country": demo["country"],
    "input_Currency": demo["currency"],
    "input_TransactionReference": "T23434ZE5",
}
paid_customer = mpesa.bussiness_to_customer(
    common
    | {
        "input_CustomerMSISDN": demo["customer_msisdn"],
        "input_ServiceProviderCode": demo["service_provider_code"],
        "input_ThirdPartyConversationID": demo["conversation_id"] + "c",
        "input_PaymentItemsDesc": "Salary payment",
    }
)
paid_organisation = mpesa.bussiness_to_bussiness(
    common
    | {
        "input_PrimaryPartyCode": demo["service_provider_code"],
        "input_ReceiverPartyCode": demo["second_service_provider_code"],
        "input_ThirdPartyConversationID": demo["conversation_id"] + "b",
        "input_PurchasedItemsDesc": "Leather",
    }
)
reversed_payment = mpesa.payment_reversal(
    {
        "input_ReversalAmount": "4",
        "input_Country": demo["country"],
        "input_ServiceProviderCode": demo["service_provider_code"],
        "input_ThirdPartyConversationID": demo["conversation_id"] + "r",
        "input_TransactionID": paid["output_TransactionID"],
    }
)
today = demo["today"]
mandate = {
    "input_Country": demo["country"],
    "input_CustomerMSISDN": demo["customer_msisdn"],
    "input_ServiceProviderCode": demo["service_provider_code"],
    "input_ThirdPartyReference": demo["conversation_id"][:12],
}
created = mpesa.create_direct_debit(
    mandate
    | {
        "input_AgreedTC": "1",
        "input_FirstPaymentDate": today,
        "input_ExpiryDate": str(int(today) + 50_000),
        "input_Frequency": "06",
        "input_StartRangeOfDays": "01",
        "input_EndRangeOfDays": "31",
        "input_ThirdPartyConversationID": demo["conversation_id"] + "d",
    }
)
collected = mpesa.direct_debit_payment(
    mandate
    | {
        "input_Amount": "10",
        "input_Currency": demo["currency"],
        "input_ThirdPartyConversationID": demo["conversation_id"] + "p",
    }
)
print(
    json.dumps(
        {
            "session": session,
            "paid": paid,
            "found": found,
            "paid_customer": paid_customer,
            "paid_organisation": paid_organisation,
            "reversed": reversed_payment,
            "created": created,
            "collected": collected,
        }
    )
)
