// Pays with @openpesa/pesa-js 0.0.11, as its own documentation says. The demo's facts come in as JSON, answers go out
// as JSON. Run where the SDK is installed; it opens a session for every call by itself, and asks with a GET that has a body.
// Its b2c and b2b are not called: this version sends both to the C2B path with C2B's names, so its b2c is a C2B on the
// wire (the customer would pay), and its b2b lacks fields and is refused with INS-20, as contract section 10.7 has it.

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
  console.log(JSON.stringify({ session: session.output_SessionID, paid, found }));
}

pay();
