import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server on the loopback interface and cuts connections on demand. */
export class CuttingProxy {
  readonly #target: number;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly port: number;
  /** How many connections have been cut. */
  cuts = 0;
  /** Bytes from the server after which a connection is cut, taken by one connection after the other; then none is cut. */
  plan: number[] = [];
  /** While true nobody gets through. */
  away = false;
  /** Bytes from the server after which a connection says no more, though it stays open. */
  stallAfter: number | undefined;
  #isSilent = false;
  readonly #held: (() => void)[] = [];
  readonly #muted = new WeakSet<Socket>();
  #onStall: (() => void)[] = [];

  private constructor(target: number, server: Server, port: number) {
    this.#target = target;
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => this.#serve(client));
  }

  static async to(target: number): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
    return new CuttingProxy(target, server, address.port);
  }

  #serve(client: Socket): void {
    if (this.away) {
      client.destroy();
      return;
    }
    const upstream = createConnection({ host: '127.0.0.1', port: this.#target });
    const limit = this.plan.shift();
    let seen = 0;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.#open.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        this.#open.delete(socket);
        // Not even that gets through.
        if (this.#isSilent) this.#held.push(cut);
        else if (!this.#muted.has(client)) cut();
      });
    }
    client.on('data', (piece: Buffer) => {
      this.#pass(client, () => upstream.writable && upstream.write(piece));
    });
    client.on('end', () => this.#pass(client, () => upstream.end()));
    upstream.on('data', (piece: Buffer) => {
      if (this.#isSilent || this.#muted.has(client)) {
        this.#pass(client, () => client.writable && client.write(piece));
        return;
      }
      seen += piece.length;
      if (this.stallAfter !== undefined && seen >= this.stallAfter) {
        for (const tell of this.#onStall.splice(0)) tell();
        return;
      }
      if (limit !== undefined && seen >= limit) {
        this.cuts += 1;
        cut();
      } else if (!client.write(piece)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
  }

  /** Resolves when a connection falls silent the next time. */
  stalled(): Promise<void> {
    return new Promise((resolve) => this.#onStall.push(resolve));
  }

  /** Drops what it is given instead of passing it on, as a firewall does; what it held back is passed on afterwards. */
  set silent(silent: boolean) {
    this.#isSilent = silent;
    if (!silent) for (const pass of this.#held.splice(0)) pass();
  }

  /** The connections that are open now never hear anything again; new ones do. */
  mute(): void {
    for (const socket of this.#open) this.#muted.add(socket);
  }

  #pass(client: Socket, pass: () => unknown): void {
    if (this.#muted.has(client)) return;
    if (this.#isSilent) this.#held.push(pass);
    else pass();
  }

  /** Cuts every connection there is. */
  cutAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.silent = false;
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
