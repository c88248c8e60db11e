import { createHash } from 'node:crypto';
import type { BronzeWriter } from '../landing/bronze.ts';
import type { Candidate } from '../sensors/candidate.ts';
import type { Taken } from '../sensors/intake.ts';
import { judgeContent } from '../sensors/judge.ts';
import { bronzePathOf, type SensorNames } from '../sensors/name.ts';
import { type Payload, sensorPayload } from '../sensors/payload.ts';
import type { Gathered } from '../stream/gather.ts';
import type { StreamMessage } from '../stream/message-log.ts';
import { namedFileOf } from './message.ts';

/** A message as the file that it stands for. */
export interface FileMessage {
  readonly name: string;
  /** The apartment that its key names; empty if it has none. */
  readonly key: string;
  readonly value: Buffer;
  readonly payload: Payload;
}

/**
 * The messages of ranges as files: by the name in their headers or, of a sender without headers, by their key, which is the apartment, and
 * their `datetime`. One that says neither gets a name that is none of a file, and is rejected for it.
 */
export function fileMessages(ranges: readonly Gathered[], names: SensorNames): readonly FileMessage[] {
  return ranges.flatMap(({ topic, partition, messages }) =>
    messages.map((message) => {
      const key = message.key?.toString('utf8') ?? '';
      const name =
        namedFileOf(message) ?? nameByContent(message, key, names) ?? `${topic}-p${partition}-${message.offset}.json`;
      return { name, key, value: message.value, payload: judgeContent(names.read(name), message.value, name, names) };
    }),
  );
}

function nameByContent({ value }: StreamMessage, key: string, names: SensorNames): string | undefined {
  const payload = sensorPayload(value, false);
  return payload.ok && payload.minute !== undefined ? names.nameOf(key, payload.minute) : undefined;
}

/** Of messages with one name the first that can be landed; if there is none, the last. */
export function oneOfEach(messages: readonly FileMessage[]): ReadonlyMap<string, FileMessage> {
  const chosen = new Map<string, FileMessage>();
  for (const message of messages) if (chosen.get(message.name)?.payload.ok !== true) chosen.set(message.name, message);
  return chosen;
}

/** Copies messages into Bronze and passes on what was judged of them. */
export async function* takeMessages(
  candidates: Iterable<Candidate>,
  messages: ReadonlyMap<string, FileMessage>,
  names: SensorNames,
  bronze: BronzeWriter,
): AsyncGenerator<Taken> {
  for (const candidate of candidates) {
    const message = messages.get(candidate.name);
    if (message === undefined) continue;
    const { value, payload } = message;
    const name = names.read(candidate.name);
    const bronzePath = bronzePathOf(candidate.name, name);
    await bronze.write(bronzePath, value);
    const sha256 = createHash('sha256').update(value).digest('hex');
    const print = { candidate, bronzePath, minute: name.minute, bytes: value.length, sha256, stamp: null };
    yield payload.ok
      ? { kind: 'landed', ...print, json: payload.json }
      : { kind: 'rejected', ...print, reason: payload.reason };
  }
}
