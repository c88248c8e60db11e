import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BronzeWriter } from '../landing/bronze.ts';
import { writeFully } from '../landing/descriptor.ts';
import { inOrder } from '../landing/in-order.ts';
import { changedSince, growing, readSource, streamSource } from '../landing/source-file.ts';
import type { Candidate } from './candidate.ts';
import { judgeContent } from './judge.ts';
import { bronzePathOf, type SensorNames } from './name.ts';
import { maxFileBytes, tooBig } from './payload.ts';
import type { Reach } from './share-access.ts';

/** Files read ahead of the one being sent: enough to keep 16 threads busy over a slow share. */
const window = 48;

/** Larger files are not read ahead, so what is in memory stays within `window` times this. */
const smallBytes = 256 * 1024;

/** What a source file turned out to be. Bronze has it, not settled yet, unless it was skipped. */
export type Taken =
  | (Fingerprint & { readonly kind: 'landed'; readonly json: Buffer })
  | (Fingerprint & { readonly kind: 'rejected'; readonly reason: string })
  | { readonly kind: 'skipped'; readonly candidate: Candidate; readonly reason: string };

/** What the ledger keeps of a file. */
export interface Fingerprint {
  readonly candidate: Candidate;
  /** Null if it was too large to be copied. */
  readonly bronzePath: string | null;
  readonly minute: number | undefined;
  /** Size in bytes and SHA-256 (hexadecimal) of the file as it was found; from Bronze, of what is in a compressed one. No SHA-256 if it was too large to be read. */
  readonly bytes: number;
  readonly sha256: string | null;
  /** What tells the source file from a later state of it; null if it came from Bronze. */
  readonly stamp: string | null;
}

export interface Intake {
  /** The folder that the paths of candidates are relative to. */
  readonly base: string;
  readonly reach: Reach;
  readonly names: SensorNames;
  /** Where files are copied; undefined if they come from Bronze. */
  readonly bronze: BronzeWriter | undefined;
  /** A file that changed less than `ms` before or after `now()` is not rejected yet; undefined if all may be. */
  readonly settle?: { readonly ms: number; readonly now: () => Date } | undefined;
}

/** Reads, copies into Bronze and judges files, several at once, in their order. Each is read once. */
export function takeIn(intake: Intake, candidates: Iterable<Candidate>): AsyncGenerator<Taken> {
  return judgeAll(
    inOrder(candidates, window, (candidate) => fetch(intake, candidate, smallBytes)),
    intake,
  );
}

type Fetched = Awaited<ReturnType<typeof fetch>>;

/** Reads a file and writes it into Bronze; a large one is left for its turn. */
async function fetch({ base, reach, names, bronze }: Intake, candidate: Candidate, limit: number) {
  const from = join(base, ...candidate.path.split('/'));
  const name = names.read(candidate.name);
  const fileName = candidate.path.slice(candidate.path.lastIndexOf('/') + 1);
  const bronzePath = bronze === undefined ? candidate.path : bronzePathOf(fileName, name);
  const source = await reach(() => readSource(from, limit, base));
  if (source.kind === 'read') await bronze?.write(bronzePath, source.bytes);
  return { candidate, from, name, bronzePath, source };
}

async function* judgeAll(files: AsyncIterable<Fetched>, intake: Intake): AsyncGenerator<Taken> {
  for await (const file of files) {
    const whole = file.source.kind === 'big' ? await fetch(intake, file.candidate, maxFileBytes) : file;
    yield await unlessChanged(await judge(whole, intake), whole, intake);
  }
}

async function judge(file: Fetched, intake: Intake): Promise<Taken> {
  const { candidate, bronzePath, name, source } = file;
  const { bronze, names } = intake;
  const minute = name.minute;
  const stamp = bronze === undefined || source.kind === 'skipped' ? null : source.stamp;
  switch (source.kind) {
    case 'skipped':
      return { kind: 'skipped', candidate, reason: source.reason };
    case 'big': {
      const reason = name.known ? tooBig : name.reason;
      if (bronze !== undefined && !(await bronze.hasRoomFor(source.size))) {
        const print = { candidate, bronzePath: null, minute, bytes: source.size, sha256: null, stamp };
        return { kind: 'rejected', ...print, reason: `${reason}; too large to be copied into Bronze` };
      }
      const copied = await copyBig(file, source.size, intake);
      if (copied.kind === 'skipped') return { kind: 'skipped', candidate, reason: copied.reason };
      const print = { candidate, bronzePath, minute, bytes: copied.size, sha256: copied.sha256, stamp };
      return { kind: 'rejected', ...print, reason };
    }
    case 'read': {
      const payload = judgeContent(name, source.bytes, candidate.path, names);
      // What is compressed in Bronze was so by housekeeping; the ledger speaks of the file as it was landed.
      const found = payload.ok && bronze === undefined ? payload.bytes : source.bytes;
      const sha256 = createHash('sha256').update(found).digest('hex');
      const print = { candidate, bronzePath, minute, bytes: found.length, sha256, stamp };
      return payload.ok
        ? { kind: 'landed', ...print, json: payload.json }
        : { kind: 'rejected', ...print, reason: payload.reason };
    }
    default:
      return source satisfies never;
  }
}

/** Copies a file that is too big to be landed, for the record. */
async function copyBig({ from, bronzePath }: Fetched, most: number, { base: within, reach, bronze }: Intake) {
  if (bronze === undefined) return streamSource(from, async () => undefined, { within, most });
  const copied = await bronze.writeWith(bronzePath, (draft) =>
    reach((call) => {
      const write = async (piece: Buffer) => {
        // The draft was given up with the call: its descriptor may be another file's by now.
        if (call.isLate) throw new Error('the share answered too late');
        call.progress();
        await writeFully(draft, piece);
        call.progress();
      };
      return streamSource(from, write, { within, most });
    }),
  );
  if (copied.kind === 'skipped') await bronze.drop(bronzePath);
  return copied;
}

/** A file is only rejected if it has not changed since, nor just before: half a file is not a bad file. */
async function unlessChanged(taken: Taken, file: Fetched, { reach, bronze, settle }: Intake): Promise<Taken> {
  if (taken.kind !== 'rejected' || file.source.kind === 'skipped') return taken;
  const { modified, stamp } = file.source;
  // Either way, since the clock of the share may be ahead of ours.
  const isFresh = settle !== undefined && Math.abs(settle.now().getTime() - modified) < settle.ms;
  const reason = isFresh ? growing : await reach(() => changedSince(file.from, stamp));
  if (reason === undefined) return taken;
  await bronze?.drop(file.bronzePath);
  return { kind: 'skipped', candidate: taken.candidate, reason };
}
