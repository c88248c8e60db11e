import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConnectionError } from './errors.ts';
import { type Tls, tlsHint } from './tls.ts';

/** A server, and how to speak with it. */
export interface Peer {
  /** A name, an address, or the folder of a Unix socket, which begins with a slash. */
  readonly host: string;
  readonly port: number;
  readonly tls: Tls;
}

/** A connection on which the protocol can begin. */
export interface Line {
  readonly socket: Socket;
  /** The socket below TLS: what it has read and written counts bytes of the network. */
  readonly raw: Socket;
  readonly isEncrypted: boolean;
  /** Whether it stays on this machine, where nobody is in between. */
  readonly isLocal: boolean;
}

/** After so many milliseconds without a packet the system asks whether the peer is still there. */
const keepAliveMs = 20_000;

/** "SSLRequest" of the protocol: its length, and a number that is no version. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** How to treat a server: with TLS or without, or with TLS if it has it. */
type Way = 'plain' | 'tls' | 'either';

/**
 * Connects to a server as `sslmode` asks.
 * @param refused whether the server has refused a login the first way, where `allow` and `prefer` know another.
 * @param limitMs for everything together.
 * @throws ConnectionError if the server does not answer in time or has no TLS; the system's error; the signal's reason.
 */
export async function dial(peer: Peer, refused: boolean, limitMs: number, signal: AbortSignal): Promise<Line> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const open = await connected(peer, limit, limitMs);
  open.setNoDelay(true);
  open.setKeepAlive(true, keepAliveMs);
  const isSocket = peer.host.startsWith('/');
  const isLocal = isSocket || isLoopback(open.remoteAddress ?? '');
  const way = isSocket ? 'plain' : wayOf(peer.tls, isLocal, refused);
  if (way === 'plain') return { socket: open, raw: open, isEncrypted: false, isLocal };
  try {
    if (!peer.tls.direct && !(await offersTls(open, limit))) {
      if (way === 'either') return { socket: open, raw: open, isEncrypted: false, isLocal };
      throw new ConnectionError({
        what: `the server at ${nameOf(peer)} does not offer TLS, which sslmode=${peer.tls.mode} asks for`,
        hint: 'Turn on ssl in its postgresql.conf; sslmode=prefer in DB_URL goes without where there is none.',
      });
    }
    const socket = await encrypted(peer, open, limit);
    return { socket, raw: open, isEncrypted: true, isLocal };
  } catch (error) {
    open.destroy();
    if (signal.aborted) throw signal.reason;
    if (limit.aborted) throw unanswered(peer, limitMs);
    // As libpq does: who only prefers TLS goes without where it cannot be agreed on.
    if (way === 'either') return dial(peer, true, limitMs, signal);
    throw error;
  }
}

/** The other way to try, once the server has refused the login on the first; undefined if there is none. */
export function hasOtherWay({ mode }: Tls): boolean {
  return mode === undefined || mode === 'allow' || mode === 'prefer';
}

function wayOf({ mode }: Tls, isLocal: boolean, refused: boolean): Way {
  // Encryption costs time, and on this machine there is nobody to hide from.
  const first = mode ?? (isLocal ? 'allow' : 'prefer');
  switch (first) {
    case 'disable':
      return 'plain';
    case 'allow':
      return refused ? 'tls' : 'plain';
    case 'prefer':
      return refused ? 'plain' : 'either';
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return 'tls';
    default:
      return first satisfies never;
  }
}

function connected(peer: Peer, limit: AbortSignal, limitMs: number): Promise<Socket> {
  const { host, port } = peer;
  return new Promise((resolve, reject) => {
    const socket = connectTcp(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    const end = (act: () => void) => {
      limit.removeEventListener('abort', onLimit);
      socket.removeListener('connect', onConnect);
      socket.removeListener('error', onError);
      act();
    };
    const onConnect = () => end(() => resolve(socket));
    const onError = (error: Error) => end(() => reject(error));
    const onLimit = () =>
      end(() => {
        socket.destroy();
        const isLate = limit.reason instanceof Error && limit.reason.name === 'TimeoutError';
        reject(isLate ? unanswered(peer, limitMs) : limit.reason);
      });
    limit.addEventListener('abort', onLimit, { once: true });
    socket.once('connect', onConnect);
    socket.once('error', onError);
    if (limit.aborted) onLimit();
  });
}

/** Asks the server whether it speaks TLS. */
function offersTls(socket: Socket, limit: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => {
      socket.removeListener('data', onData);
      socket.removeListener('error', onEnd);
      socket.removeListener('close', onEnd);
      limit.removeEventListener('abort', onEnd);
      act();
    };
    const onEnd = (error?: unknown) =>
      end(() => reject(error instanceof Error ? error : Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    const onData = (answer: Buffer) =>
      end(() => {
        socket.pause();
        // More than the one byte would be taken for a part of the encrypted connection.
        const byte = answer.length === 1 ? answer.toString('latin1') : '';
        if (byte === 'S' || byte === 'N') resolve(byte === 'S');
        else reject(new ConnectionError({ what: 'what listens there is no PostgreSQL server', hint: 'Check DB_URL.' }));
      });
    socket.on('data', onData);
    socket.on('error', onEnd);
    socket.on('close', onEnd);
    limit.addEventListener('abort', onEnd, { once: true });
    socket.resume();
    socket.write(sslRequest);
  });
}

function encrypted(peer: Peer, raw: Socket, limit: AbortSignal): Promise<Socket> {
  const { host, tls } = peer;
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...tls.options,
      socket: raw,
      host,
      // A name only: an address has no place in this part of the handshake.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(tls.direct ? { ALPNProtocols: ['postgresql'] } : {}),
    });
    const end = (act: () => void) => {
      socket.removeListener('error', onError);
      socket.removeListener('close', onError);
      limit.removeEventListener('abort', onError);
      act();
    };
    const onError = (error?: unknown) =>
      end(() => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        const reason = error instanceof Error ? error.message : 'the server closed the connection';
        const what = `the encrypted connection to ${nameOf(peer)} failed: ${reason}`;
        socket.destroy();
        reject(new ConnectionError({ what, hint: tlsHint(code), cause: error }));
      });
    socket.once('secureConnect', () => end(() => resolve(socket)));
    socket.on('error', onError);
    socket.on('close', onError);
    limit.addEventListener('abort', onError, { once: true });
  });
}

/** That the server did not answer in time. */
export function unanswered(peer: Peer, limitMs: number): ConnectionError {
  return new ConnectionError({
    what: `cannot work with ${nameOf(peer)}: no answer for ${Math.round(limitMs / 1000)} s`,
    hint: 'Check host and port in DB_URL, whether the server hangs, and whether a firewall is in between.',
  });
}

/** Host and port for messages. */
export function nameOf({ host, port }: Pick<Peer, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(address);
}
