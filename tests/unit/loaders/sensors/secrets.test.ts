import { describe, expect, it } from 'vitest';
import { sensorPayload } from '../../../../loaders/sensors/payload.ts';
import { secretsIn, withoutSecrets } from '../../../../loaders/sensors/secrets.ts';

function blanked(json: string, ...secrets: string[]): string | undefined {
  return withoutSecrets(Buffer.from(json), secrets)?.toString();
}

describe('the values of what was cut', () => {
  it('are its strings and numbers, decoded, at any depth, unless they are too short to be secrets', () => {
    const cut = [
      '"api_token":"s\\u0065cret"',
      '"api_token":{"keys":["other","on",null,true,123456,7]}',
      '"api_token":""',
    ];
    expect(secretsIn(cut.map((text) => Buffer.from(text)))).toEqual(['secret', 'other', '123456']);
  });
});

describe('a secret that recurs', () => {
  it.each([
    ['{"user":"secret"}', '{"user":""}'],
    ['{"user":"my secret!","a":1}', '{"user":"","a":1}'],
    ['{"user":"s\\u0065cret","b":["x","secretsecret"]}', '{"user":"","b":["x",""]}'],
    ['{"user":"sec","b":"ret"}', '{"user":"sec","b":"ret"}'],
    ['{"a":"\\"secret\\"","b":"\\\\"}', '{"a":"","b":"\\\\"}'],
  ])('is blanked in %s', (json, expected) => {
    expect(blanked(json, 'secret')).toBe(expected);
  });

  it('cannot be blanked as a key or a number', () => {
    expect(blanked('{"secret":1}', 'secret')).toBeUndefined();
    expect(blanked('{"a":{"s\\u0065cret":1}}', 'secret')).toBeUndefined();
    expect(blanked('{"a":123456}', '123456')).toBeUndefined();
    expect(blanked('{"a":1234567}', '123456')).toBe('{"a":1234567}');
  });

  it('is found in megabytes of escapes', () => {
    const json = `{"a":"${'\\n\\"'.repeat(2_000_000)}secret","b":"${'\\\\'.repeat(2_000_000)}"}`;
    expect(blanked(json, 'secret')).toBe(`{"a":"","b":"${'\\\\'.repeat(2_000_000)}"}`);
  });

  it('is found as fast whatever there are of both: many, long, or nearly alike', () => {
    const many = Array.from({ length: 40_000 }, (_, index) => `secret-${index}`);
    const escaped = many.map((secret) => secret.replace('s', '\\u0073'));
    const file = (token: unknown, rest: unknown) =>
      Buffer.from(JSON.stringify({ api_token: token, rest }).replaceAll('\\\\u', '\\u'));
    const began = process.cpuUsage();
    const payload = sensorPayload(file(many, escaped), false);
    expect(payload.ok && payload.json.toString()).toBe(`{"rest":[${escaped.map(() => '""').join()}]}`);
    const alike = sensorPayload(file(`b${'a'.repeat(200_000)}`, 'a'.repeat(1_000_000)), false);
    expect(alike.ok && alike.json.length).toBe(1_000_011);
    expect(sensorPayload(file('x'.repeat(1_100_000), 1), false)).toEqual({
      ok: false,
      reason: 'the value of api_token is larger than 1 MB',
    });
    // In seconds of processor time: each with each of them takes minutes.
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6).toBeLessThan(15);
  });

  it('is found by its meaning, however it was written', () => {
    const payload = sensorPayload(Buffer.from('{"user":"caf\\u00e9 key","api_token":"café key","n":1e400}'), false);
    expect(payload.ok && payload.json.toString()).toBe('{"user":"","n":1e400}');
  });
});
