import { createHash } from 'node:crypto';

export interface SftpServer {
  readonly kind: 'OpenSSH' | 'ssh2';
  readonly port: number;
  readonly user: string;
  /** A private key that may log in, in OpenSSH's format. */
  readonly privateKey: string;
  /** Only ssh2's server knows a password: OpenSSH asks the system for it. */
  readonly password: string | undefined;
  /** SHA-256 of the host key as `ssh-keygen -l` prints it: `SHA256:...`. */
  readonly fingerprint: string;
  stop(): Promise<void>;
}

/** `SHA256:...` of a public key in OpenSSH's one-line format. */
export function fingerprintOf(publicKey: string): string {
  const [, base64 = ''] = publicKey.split(' ');
  return `SHA256:${createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64').replace(/=+$/, '')}`;
}
