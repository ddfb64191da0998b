// Pays with @openpesa/pesa-js 0.0.11, as its own documentation says. The demo's facts come in as JSON, answers go out
// as JSON. Run where the SDK is installed; it opens a session for every call by itself, and asks with a GET that has a body.
// Its b2c, b2b and reverse all go to the C2B path in this version, with the fields of another operation: none of them can
// be what the caller meant, so what they are answered is INS-20 (docs/sdks.md says why and what to do).

const { readFileSync } = require('fs');
const { Pesa } = require(process.argv[2]);

const demo = JSON.parse(readFileSync(0, 'utf8'));
const pesa = new Pesa({ api_key: demo.api_key, public_key: demo.public_key });

async function pay() {
  const session = await pesa.get_session();
  const paid = await pesa.c2b({
    input_Amount: 5000,
    input_Country: demo.country,
    input_Currency: demo.currency,
    input_CustomerMSISDN: demo.customer_msisdn,
    input_ServiceProviderCode: demo.service_provider_code,
    input_ThirdPartyConversationID: demo.conversation_id,
    input_TransactionReference: 'T23434ZE5',
    input_PurchasedItemsDesc: 'Test Two Item',
  });
  const found = await pesa.query({
    input_QueryReference: paid.output_TransactionID,
    input_ServiceProviderCode: demo.service_provider_code,
    input_ThirdPartyConversationID: demo.conversation_id + 'q',
    input_Country: demo.country,
  });
  const common = {
    input_Country: demo.country,
    input_ServiceProviderCode: demo.service_provider_code,
    input_CustomerMSISDN: demo.customer_msisdn,
  };
  const money = { ...common, input_Amount: 10, input_Currency: demo.currency, input_TransactionReference: 'T23434ZE5' };
  const paid_customer = await pesa.b2c({
    ...money,
    input_PaymentItemsDesc: 'Salary payment',
    input_ThirdPartyConversationID: demo.conversation_id + 'c',
  });
  const paid_organisation = await pesa.b2b({
    ...money,
    input_PrimaryPartyCode: demo.service_provider_code,
    input_ReceiverPartyCode: demo.second_service_provider_code,
    input_PurchasedItemsDesc: 'Leather',
    input_ThirdPartyConversationID: demo.conversation_id + 'b',
  });
  const reversed = await pesa.reverse({
    ...common,
    input_ReversalAmount: 10,
    input_TransactionID: paid.output_TransactionID,
    input_ThirdPartyConversationID: demo.conversation_id + 'r',
  });
  const mandate = { ...common, input_ThirdPartyReference: demo.conversation_id.slice(0, 12) };
  const created = await pesa.debit_create({
    ...mandate,
    input_AgreedTC: 1,
    input_FirstPaymentDate: demo.today,
    input_ExpiryDate: String(Number(demo.today) + 50000),
    input_Frequency: 6,
    input_StartRangeOfDays: 1,
    input_EndRangeOfDays: 31,
    input_ThirdPartyConversationID: demo.conversation_id + 'd',
  });
  const collected = await pesa.debit_payment({
    ...mandate,
    input_Amount: 10.5,
    input_Currency: demo.currency,
    input_ThirdPartyConversationID: demo.conversation_id + 'p',
  });
  const answers = { paid, found, paid_customer, paid_organisation, reversed, created, collected };
  console.log(JSON.stringify({ session: session.output_SessionID, ...answers }));
}

pay();
