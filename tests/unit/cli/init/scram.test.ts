import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scramVerifier } from '../../../../cli/init/scram.ts';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

describe('what PostgreSQL keeps of a password', () => {
  it('fits the example of RFC 7677', () => {
    const verifier = scramVerifier('pencil', salt);
    const [, kept = '', serverKey = ''] = /^SCRAM-SHA-256\$4096:(.+)\$.+:(.+)$/.exec(verifier) ?? [];
    expect(kept).toBe('W22ZaJ0SNY7soEsUEjb6gQ==');
    const nonce = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,${nonce},s=${kept},i=4096,c=biws,${nonce}`;
    // The server's signature as the example gives it, made with the key out of the verifier.
    expect(createHmac('sha256', Buffer.from(serverKey, 'base64')).update(exchange).digest('base64')).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    );
  });

  it('is another one each time', () => {
    expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
  });

  it.each([
    ['a soft hyphen', 'I\u00adX', 'IX'],
    ['a no-break space', 'a\u00a0b', 'a b'],
    ['a feminine ordinal', '\u00aa', 'a'],
    ['a roman numeral', '\u2168', 'IX'],
  ])('takes %s as RFC 4013 says', (_name, written, prepared) => {
    expect(scramVerifier(written, salt)).toBe(scramVerifier(prepared, salt));
  });
});
