import { createServer, type Server, type Socket } from 'node:net';

const message = (type: string, body: Buffer) => {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** How it asks for the password: AuthenticationCleartextPassword or AuthenticationMD5Password. */
const asking = {
  clear: message('R', number(3)),
  md5: message('R', Buffer.concat([number(5), Buffer.from('salt')])),
};

/** Whoever listens in the place of PostgreSQL: has no TLS, asks for the password, then refuses the login. Records all it gets. */
export class FakePostgres {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly port: number;
  readonly #heard: Buffer[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async on(host: string, asks: keyof typeof asking): Promise<FakePostgres> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('it has no port');
    const fake = new FakePostgres(server, address.port);
    server.on('connection', (socket) => fake.#serve(socket, asking[asks]));
    return fake;
  }

  /** All that was sent to it, as text. */
  get heard(): string {
    return Buffer.concat(this.#heard).toString('latin1');
  }

  #serve(socket: Socket, ask: Buffer): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    socket.on('error', () => socket.destroy());
    let hasAsked = false;
    socket.on('data', (piece: Buffer) => {
      this.#heard.push(piece);
      if (piece.length === 8) socket.write('N');
      else if (!hasAsked) {
        hasAsked = true;
        socket.write(ask);
      } else {
        const fields = ['SFATAL', 'C28P01', 'Mno', ''].map((text) => `${text}\0`).join('');
        socket.end(message('E', Buffer.from(fields)));
      }
    });
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
