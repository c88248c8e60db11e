import { TextDecoder } from 'node:util';

/** How a text may be written. */
type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** The part of a text in which every other byte is looked at. */
const sampleBytes = 512;

/**
 * Tells UTF-16 from UTF-8 by the mark at the beginning or, without one, since every other byte of it is mostly 0. What some
 * gateways or editors wrote in it is rejected, but names somebody all the same.
 */
export function encodingOf(start: Buffer): Encoding {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  const sample = start.subarray(0, Math.min(sampleBytes, start.length - (start.length % 2)));
  const zeros = [0, 0];
  for (const [at, byte] of sample.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = sample.length / 4;
  if (most >= 1 && odd > most && even < odd / 4) return 'utf-16le';
  if (most >= 1 && even > most && odd < even / 4) return 'utf-16be';
  return 'utf-8';
}

/** A text of either encoding. What is no character becomes U+FFFD. */
export function textOfBytes(bytes: Buffer): string {
  return new TextDecoder(encodingOf(bytes), { ignoreBOM: true }).decode(bytes);
}
