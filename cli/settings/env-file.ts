import { readFileSync } from 'node:fs';
import { decode, NotText } from '../../runner/text/decode.ts';
import { UsageError } from '../../runner/text/errors.ts';

/*
 * NAME=value, as python-dotenv and dotenv read it. In quotes a value may have several lines; in double quotes \n and \r are line
 * breaks. Without quotes, a # begins a comment only after white space: passwords in URLs may hold one.
 */
const name = /[ \t]*(?:export[ \t]+)?([\w.-]+)(?:[ \t]*=|:[ \t])/;
const quoted = /[ \t]*(?:'((?:\\'|[^'])*)'|"((?:\\"|[^"])*)"|`((?:\\`|[^`])*)`)[ \t]*(?:#[^\n]*)?/;
const bare = /(?![ \t]*['"`])([^\n]*?)(?:[ \t]#[^\n]*)?/;
const setting = new RegExp(`${name.source}(?:${quoted.source}|${bare.source})$`, 'my');
const blank = /^[ \t]*(?:#[^\n]*)?$/my;

/**
 * The settings of an environment file: UTF-8, or UTF-16 with a byte-order mark. Of two settings of one name the later counts.
 * @throws UsageError with the line of what is no text, or no setting.
 */
export function readEnvFile(path: string): Readonly<Record<string, string>> {
  const text = textOf(path).replace(/\r\n?/g, '\n');
  const settings: Record<string, string> = {};
  for (let at = 0; at < text.length; ) {
    setting.lastIndex = at;
    blank.lastIndex = at;
    const found = blank.exec(text) ?? setting.exec(text);
    const [whole, key, single, double, backtick, plain] = found ?? [];
    if (whole === undefined) {
      throw new UsageError({
        what: 'this line is neither a setting nor a comment',
        where: `${path}:${text.slice(0, at).split('\n').length}`,
        hint: 'Write NAME=value, close every quote, and begin a comment with #.',
      });
    }
    const value = double?.replaceAll('\\n', '\n').replaceAll('\\r', '\r') ?? single ?? backtick ?? plain?.trim() ?? '';
    if (key !== undefined) settings[key] = value;
    at += whole.length + 1;
  }
  return settings;
}

function textOf(path: string): string {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    if (error instanceof NotText)
      // The line itself may hold a secret, so it is not quoted.
      throw new UsageError({
        what: error.message.replace(/:.*$/, ''),
        where: `${path}:${error.line}`,
        hint: error.hint.replace(/ \(.*$/, '.'),
      });
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError({
      what: `${path} is there but cannot be read: ${code}`,
      hint: 'It must be a file that this user may read: check its owner and permissions.',
      cause: error,
    });
  }
}
