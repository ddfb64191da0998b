"""The JavaScript of the Postman collection: the encryption of the bearer, fresh ids, and the checks of an answer.

Pure: texts only. Postman's sandbox has no Node modules and no Web Crypto everywhere, so RSA PKCS#1 v1.5 is written out
here with BigInt, over the published form of the key (contract section 2). Read next: collection.py.
"""

BEFORE_EACH = r"""
// Encrypts the bearer of every request, as the M-Pesa OpenAPI asks: RSA, PKCS#1 v1.5, base64. getSession carries the
// API key, everything else the session key. Nothing is fetched and nothing but Postman is needed.

function bytesOf(base64) {
  return Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function numberOf(bytes) {
  return BigInt('0x' + bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
}

// One element of DER: where its content starts and ends.
function element(bytes, at, tag) {
  if (bytes[at] !== tag) throw new Error('public_key is not the base64 of a DER SubjectPublicKeyInfo');
  let start = at + 2;
  let length = bytes[at + 1];
  if (length > 127) {
    const end = start + length - 128;
    for (length = 0; start < end; start += 1) length = length * 256 + bytes[start];
  }
  return { start, end: start + length };
}

// The modulus and exponent of a public key, with or without its PEM armour.
function publicKey(text) {
  const bytes = bytesOf(text.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''));
  const algorithm = element(bytes, element(bytes, 0, 0x30).start, 0x30);
  const bits = element(bytes, algorithm.end, 0x03);
  const pair = element(bytes, bits.start + 1, 0x30); // the first byte counts the spare bits
  const modulus = element(bytes, pair.start, 0x02);
  const exponent = element(bytes, modulus.end, 0x02);
  const number = ({ start, end }) => numberOf(bytes.slice(start, end));
  return { modulus: number(modulus), exponent: number(exponent) };
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

// 32 hexadecimal digits: a UUID without the hyphens, which the wire's grammar refuses.
function freshId() {
  return pm.variables.replaceIn('{{$randomUUID}}').replace(/-/g, '');
}

// Padding needs random bytes without zeros; the sandbox's own source of chance is its UUIDs.
function padding(length) {
  const bytes = [];
  while (bytes.length < length) {
    const digits = freshId();
    for (let at = 0; at < 32; at += 2) bytes.push(parseInt(digits.slice(at, at + 2), 16) || 1);
  }
  return bytes.slice(0, length);
}

function encrypt(secret, key) {
  const { modulus, exponent } = publicKey(key);
  const size = Math.ceil(modulus.toString(16).length / 2);
  const message = Array.from(secret, (character) => character.charCodeAt(0));
  const block = [0, 2, ...padding(size - 3 - message.length), 0, ...message];
  const digits = power(numberOf(block), exponent, modulus).toString(16).padStart(2 * size, '0');
  return btoa(digits.replace(/../g, (two) => String.fromCharCode(parseInt(two, 16))));
}

function needed(name, advice) {
  const value = pm.variables.get(name);
  if (!value) throw new Error(`${name} is empty: ${advice}`);
  return value;
}

const opensSession = pm.request.url.getPath().includes('/getSession');
const secret = opensSession
  ? needed('api_key', 'copy it from the application, or from demo.json')
  : needed('session_id', 'send "Generate session key" first');
const key = needed('public_key', 'copy it from the application, or from demo.json');
pm.variables.set('bearer', encrypt(secret, key));

// New for every request: a ThirdPartyConversationID that was used before is a duplicate (INS-10).
pm.variables.set('conversation_id', freshId());
pm.variables.set('reference', 'T' + freshId().slice(0, 11));
"""

BEFORE_MANDATE = r"""
// A mandate is known by the merchant's own reference: a new one for every run.
pm.collectionVariables.set('mandate_reference', 'M' + pm.variables.get('conversation_id').slice(0, 11));
"""

AFTER_EACH = r"""
const expected = %(expected)s;
const answer = pm.response.json();

pm.test(`${expected.label} answers ${expected.status}`, () => pm.response.to.have.status(expected.status));

pm.test(`${expected.label} answers ${expected.code}`, () => {
  pm.expect(answer.output_ResponseCode, answer.output_ResponseDesc).to.equal(expected.code);
});

pm.test(`${expected.label} has the documented keys in their order`, () => {
  const keys = expected.keys.filter((name) => name in answer || !expected.optional.includes(name));
  pm.expect(Object.keys(answer)).to.eql(keys);
});
"""

ECHO = r"""
pm.test(`${expected.label} echoes the ThirdPartyConversationID`, () => {
  pm.expect(answer.output_ThirdPartyConversationID).to.equal(pm.variables.get('conversation_id'));
});
"""

CHECK = r"""
pm.test(`${expected.label}: %(key)s is %(value)s`, () => {
  pm.expect(answer.%(key)s).to.equal(pm.variables.replaceIn('%(value)s'));
});
"""

KEEP = r"""
pm.collectionVariables.set('%(variable)s', answer.%(key)s || '');
"""
