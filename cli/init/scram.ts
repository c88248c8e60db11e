import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** As PostgreSQL's own: more would slow every login down. */
const iterations = 4096;
const saltBytes = 16;

/** Characters that RFC 3454 maps to a space (table C.1.2) and to nothing (table B.1). */
const spaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
const nothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;

/**
 * What PostgreSQL keeps of a password for SCRAM-SHA-256 (RFC 5802, RFC 7677): it can check a login with it, and nobody
 * can log in with it. Sent in place of the password, so that no log of the server ever has the password.
 * @param salt random; only a test gives one.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(saltBytes)): string {
  const prepared = password.replace(spaces, ' ').replace(nothing, '').normalize('NFKC');
  const salted = pbkdf2Sync(prepared, salt, iterations, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
