// The files of apartments as messages: one installation sends what it lands, another lands them as if they were files.
//
//   message.ts    what such a message is; both sides go by it
//   published.ts  which files were sent: staging.published_file
//   publish.ts    sends what was landed and not sent yet
//   load-topic.ts lands the messages of a topic, each once, by the offsets of `stream`; take.ts judges them as files are judged
//
// A message is the JSON of staging.sensor_file, which has no api_token. Its key is the apartment, so that those of one stay in order.
import { createHash } from 'node:crypto';
import type { StreamMessage } from '../stream/message-log.ts';

/** The header with the name of the file. */
const fileHeader = 'file';

/** The header with the SHA-256 of the message's value, in hexadecimal: with the name it tells a message that was sent twice. */
const hashHeader = 'sha256';

/** The headers of a message. */
export function headersOf(name: string, value: string): Readonly<Record<string, string>> {
  return { [fileHeader]: name, [hashHeader]: createHash('sha256').update(value).digest('hex') };
}

/** The name of a file that a message names in its headers: one that can be the name of a file in Bronze; else undefined. */
export function namedFileOf({ headers = [] }: StreamMessage): string | undefined {
  const name = headers.find(([key]) => key?.toString('utf8') === fileHeader)?.[1]?.toString('utf8');
  // Not a path, nothing hidden, no longer than file systems and the ledger's index take.
  return name !== undefined && /^[^/\\\p{Cc}.][^/\\\p{Cc}]{0,150}$/u.test(name) ? name.normalize('NFC') : undefined;
}
