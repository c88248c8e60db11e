import type { Server } from 'node:http';
import { DatacycleError } from '../../warehouse/errors.ts';

export interface RunningServer {
  /** For a browser; of the pages with the token, by which whoever has it is let in. */
  readonly address: string;
  readonly listensOn: number;
  close(): Promise<void>;
}

/** The servers listen on no other interface. */
export const host = '127.0.0.1';

/** Listens at 127.0.0.1. @returns the port. @throws DatacycleError if it cannot. */
export async function listenAt(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(notServed(port, error)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Why nothing can be served on a port. */
export function notServed(port: number, error: Error): DatacycleError {
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  return new DatacycleError({
    what: `the pages cannot be served on ${host}:${port}: ${isTaken ? 'the port is taken' : error.message}`,
    hint: 'Choose another port with --port, or 0 for any that is free.',
  });
}
