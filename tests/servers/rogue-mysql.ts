import { createServer, type Socket } from 'node:net';

/** A server that has no TLS, asks for the password by a plugin of its choice, and keeps what it is sent. */
export interface RogueMysql {
  readonly port: number;
  /** What came after the request for the password. */
  readonly taken: Buffer[];
  stop(): Promise<void>;
}

/** @param plugin the authentication plugin that it asks for. */
export async function startRogueMysql(plugin: string): Promise<RogueMysql> {
  const taken: Buffer[] = [];
  const sockets = new Set<Socket>();
  const scramble = Buffer.alloc(20, 0x41);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    // Protocol 10; all capabilities but TLS.
    const hello = Buffer.concat([
      Buffer.from([10]),
      Buffer.from('8.0.36\0'),
      Buffer.from([1, 0, 0, 0]),
      scramble.subarray(0, 8),
      Buffer.from([0, 0xff, 0xf7, 45, 2, 0, 0xff, 0x81, 21]),
      Buffer.alloc(10),
      scramble.subarray(8),
      Buffer.from([0]),
      Buffer.from('mysql_native_password\0'),
    ]);
    send(socket, 0, hello);
    const answers = [Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`), scramble, Buffer.from([0])])];
    // A server that has not cached the password asks for it.
    if (plugin === 'caching_sha2_password') answers.push(Buffer.from([1, 4]));
    let asked = false;
    socket.on('data', (packet: Buffer) => {
      if (asked) taken.push(packet);
      const answer = answers.shift();
      asked = answers.length === 0;
      if (answer === undefined) socket.destroy();
      else send(socket, (packet[3] ?? 0) + 1, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    taken,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function send(socket: Socket, sequence: number, payload: Buffer): void {
  socket.write(Buffer.concat([Buffer.from([payload.length & 0xff, payload.length >> 8, 0, sequence]), payload]));
}
