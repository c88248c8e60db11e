import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEnv } from '../../../../cli/settings/environment.ts';

const root = mkdtempSync(join(tmpdir(), 'datacycle-env-'));
afterAll(() => rmSync(root, { recursive: true }));

function read(file: string | Buffer) {
  writeFileSync(join(root, '.env'), file);
  return readEnv(root, undefined);
}

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');
const settings = 'DB_URL=postgres://u@h/Küche\r\nSFTP_HOST=h\r\n';

describe('an environment file', () => {
  it.each([
    ['UTF-8', settings],
    ['UTF-8 with a byte-order mark', `\uFEFF${settings}`],
    ['UTF-16 LE, as PowerShell writes it', utf16(settings)],
    ['UTF-16 BE', utf16(settings).swap16()],
  ])('may be %s', (_, file) => {
    expect(read(file)).toMatchObject({ DB_URL: 'postgres://u@h/Küche', SFTP_HOST: 'h' });
  });

  it.each([
    ['Windows-1252', Buffer.from('A=1\nB=K\xFCche', 'latin1'), ':2', 'this is not UTF-8'],
    ['UTF-16 without its byte-order mark', utf16(settings).subarray(2), ':1', 'a NUL character belongs to no text'],
    ['no setting', 'A=1\nDB_URL postgres://u@h/d\n', ':2', 'this line is neither a setting nor a comment'],
    ['a line of another shell', '$env:DB_URL="x"', ':1', 'this line is neither a setting nor a comment'],
    ['a quote that is not closed', 'A=1\n\nB="x\nC=2\n', ':3', 'this line is neither a setting nor a comment'],
  ])('is refused at its line: %s', (_, file, line, message) => {
    expect(() => read(file)).toThrow(
      expect.objectContaining({ message, where: `${join(root, '.env')}${line}`, exitCode: 2 }),
    );
  });

  it.each([
    ['A=b c # comment', 'b c'],
    ['A = b ', 'b'],
    ['export A=b', 'b'],
    ['A: b', 'b'],
    ['A=', ''],
    ['A= # comment', ''],
    ['A=postgres://u:p#q@h/d', 'postgres://u:p#q@h/d'],
    [`A='b # "c"' # comment`, 'b # "c"'],
    [String.raw`A='\\server\new'`, String.raw`\\server\new`],
    [String.raw`A=\\server\new`, String.raw`\\server\new`],
    [String.raw`A="b\nc"`, 'b\nc'],
    ['A="b\nc"#d', 'b\nc'],
    ['A=b\nA=c', 'c'],
  ])('%j', (file, value) => {
    expect(read(`# first\n\n${file}\n`).A).toBe(value);
  });

  it.each(['SMB_PATH', 'BRONZE_ROOT', 'LOG_DIR', 'SFTP_PRIVATE_KEY', 'SFTP_PATH'])(
    'says so where the double quotes of %s made line breaks of a path',
    (name) => {
      expect(() => read(String.raw`${name}="\\server\new\readings"`)).toThrow(
        expect.objectContaining({
          message: String.raw`${name} holds a line break or another control character: "\\\\server\new\readings"`,
          hint: String.raw`Within double quotes, \n and \r are line breaks. Write it without quotes or in single quotes, or a path with / instead of \.`,
        }),
      );
      expect(read(String.raw`${name}='\\server\new\readings'`)[name]).toBe(String.raw`\\server\new\readings`);
    },
  );

  it('does not show a secret with a line break', () => {
    expect(() => read(String.raw`SFTP_PASSWORD="geheim\nis"`)).toThrow(
      /^SFTP_PASSWORD holds a line break or another control character$/,
    );
  });
});
