import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** How the identity of an SSH server is checked. */
export interface HostKeyPolicy {
  /** The fingerprints that are right (`SHA256:...`, as `ssh-keygen -l` prints them); empty: trust the first contact. */
  readonly expected: readonly string[];
  /** The file in which fingerprints of first contacts are kept: one `host:port SHA256:...` a line. */
  readonly knownHosts: string;
}

/** What a server's key is to us. */
export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'first contact'; readonly fingerprint: string }
  | { readonly kind: 'wrong'; readonly fingerprint: string; readonly expected: readonly string[] };

/**
 * Judges a server's public key (in SSH's wire format); a first contact is recorded, as OpenSSH's
 * `StrictHostKeyChecking=accept-new` does it.
 * @param address `host:port`.
 */
export function judgeHostKey(policy: HostKeyPolicy, address: string, key: Buffer): HostKeyVerdict {
  const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
  const expected = policy.expected.length > 0 ? policy.expected : recorded(policy.knownHosts, address);
  if (expected.includes(fingerprint)) return { kind: 'known' };
  if (expected.length > 0) return { kind: 'wrong', fingerprint, expected };
  mkdirSync(dirname(policy.knownHosts), { recursive: true });
  appendFileSync(policy.knownHosts, `${address} ${fingerprint}\n`, { mode: 0o600 });
  return { kind: 'first contact', fingerprint };
}

function recorded(file: string, address: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .flatMap((line) => {
      const [host, fingerprint] = line.trim().split(/\s+/);
      return host === address && fingerprint !== undefined ? [fingerprint] : [];
    });
}
