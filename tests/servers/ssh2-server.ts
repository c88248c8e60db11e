import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import ssh2 from 'ssh2';
import { fingerprintOf, type SftpServer } from './sftp.ts';
import { newKeys } from './ssh-keys.ts';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

/** An entry of a list as the server sends it; of the attributes it may leave out any. */
export interface Listed {
  readonly filename: string;
  readonly longname: string;
  readonly attrs: Partial<ssh2.Attributes>;
}

/** In what the server differs from others. */
export interface Ssh2Habits {
  /** What it says of an entry in a list; links are not followed there. */
  readonly listed?: (entry: Listed) => Listed;
  /** What it says of a file when it is asked about that file. */
  readonly told?: (attrs: Partial<ssh2.Attributes>) => Partial<ssh2.Attributes>;
  /** What it asks for by keyboard-interactive, one question after the other, instead of the method `password`; the first hidden. */
  readonly asks?: readonly string[];
  /** What it must be given before: a key. */
  readonly keyFirst?: boolean;
  /** Whether files may be written, by the protocol's own words alone: a rename replaces no file. */
  readonly isWritable?: boolean;
}

/** Of a server that tells no sizes. */
export const withoutSizes: Ssh2Habits = {
  listed: ({ attrs: { size: _, ...attrs }, ...entry }) => ({ ...entry, attrs }),
  told: ({ size: _, ...attrs }) => attrs,
};

/**
 * An sFTP server, read-only unless its habits say otherwise, made of ssh2's, which needs nothing installed and knows passwords.
 * @param password of the user `weather`.
 */
export async function startSsh2Server(
  password = 'correct horse battery staple',
  habits: Ssh2Habits = {},
): Promise<SftpServer> {
  const host = newKeys();
  const client = newKeys();
  const allowed = ssh2.utils.parseKey(client.public);
  if (allowed instanceof Error) throw allowed;
  const connections = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [host.private] }, (connection) => {
    connections.add(connection);
    let keyAccepted = false;
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (attempt) => {
      if (attempt.username !== 'weather') return attempt.reject();
      const { asks, keyFirst } = habits;
      const secret = asks === undefined ? 'password' : 'keyboard-interactive';
      if (attempt.method === secret && (keyFirst !== true || keyAccepted)) {
        if (attempt.method === 'keyboard-interactive') return askFor(attempt, asks ?? [], password);
        if (attempt.method === 'password' && attempt.password === password) return attempt.accept();
      }
      const isKey = attempt.method === 'publickey' && attempt.key.data.equals(allowed.getPublicSSH());
      if (isKey && attempt.signature === undefined) return attempt.accept();
      if (isKey && attempt.blob !== undefined && attempt.signature !== undefined) {
        if (allowed.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true) {
          if (keyFirst !== true) return attempt.accept();
          keyAccepted = true;
          return attempt.reject([secret], true);
        }
      }
      return attempt.reject(keyFirst === true && !keyAccepted ? ['publickey'] : [secret, 'publickey']);
    });
    connection.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => serve(acceptSftp(), habits));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    kind: 'ssh2',
    port: (server.address() as AddressInfo).port,
    user: 'weather',
    privateKey: client.private,
    password,
    fingerprint: fingerprintOf(host.public),
    async stop() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Asks one question after the other; each answer must be the password. */
function askFor(attempt: ssh2.KeyboardAuthContext, asks: readonly string[], password: string): void {
  const [prompt, ...further] = asks;
  if (prompt === undefined) {
    attempt.accept();
    return;
  }
  attempt.prompt([{ prompt, echo: false }], (answers) => {
    if (answers[0] === password) askFor(attempt, further, password);
    else attempt.reject(['keyboard-interactive']);
  });
}

function serve(
  sftp: ssh2.SFTPWrapper,
  { listed = (entry) => entry, told = (attrs) => attrs, isWritable = false }: Ssh2Habits,
): void {
  const files = new Map<number, FileHandle>();
  const folders = new Map<number, string[]>();
  let next = 0;
  const handleOf = () => {
    next += 1;
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(next);
    return { id: next, handle };
  };
  const answer = async (request: number, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      sftp.status(request, code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
    }
  };
  const attributes = (found: Stats) => ({
    mode: found.mode,
    uid: found.uid,
    gid: found.gid,
    size: found.size,
    atime: Math.floor(found.atimeMs / 1000),
    mtime: Math.floor(found.mtimeMs / 1000),
  });
  sftp.on('REALPATH', (request, path) => {
    sftp.name(request, [{ filename: posix.resolve('/', path), longname: path, attrs: {} as ssh2.Attributes }]);
  });
  sftp.on(
    'OPENDIR',
    (request, path) =>
      void answer(request, async () => {
        const { id, handle } = handleOf();
        folders.set(
          id,
          (await readdir(path)).map((name) => posix.join(path, name)),
        );
        sftp.handle(request, handle);
      }),
  );
  sftp.on(
    'READDIR',
    (request, handle) =>
      void answer(request, async () => {
        const paths = folders.get(handle.readUInt32BE()) ?? [];
        if (paths.length === 0) return void sftp.status(request, STATUS_CODE.EOF);
        const names = await Promise.all(
          paths.splice(0, 100).map(async (path) => {
            const found = await lstat(path);
            const longname = `${found.isDirectory() ? 'd' : '-'}rw-r--r-- 1 0 0 ${found.size} Jan 1 00:00 ${posix.basename(path)}`;
            return listed({ filename: posix.basename(path), longname, attrs: attributes(found) });
          }),
        );
        sftp.name(request, names as ssh2.FileEntry[]);
      }),
  );
  const status = (request: number, path: string) =>
    void answer(request, async () => void sftp.attrs(request, told(attributes(await stat(path))) as ssh2.Attributes));
  sftp.on('STAT', status);
  sftp.on('LSTAT', status);
  sftp.on(
    'OPEN',
    (request, path, flags) =>
      void answer(request, async () => {
        const isWriting = (flags & OPEN_MODE.READ) === 0;
        if (isWriting && !isWritable) return void sftp.status(request, STATUS_CODE.PERMISSION_DENIED);
        const { id, handle } = handleOf();
        files.set(id, await open(path, isWriting ? 'w' : constants.O_RDONLY));
        sftp.handle(request, handle);
      }),
  );
  sftp.on(
    'FSTAT',
    (request, handle) =>
      void answer(request, async () => {
        const file = files.get(handle.readUInt32BE());
        if (file === undefined) return void sftp.status(request, STATUS_CODE.FAILURE);
        sftp.attrs(request, told(attributes(await file.stat())) as ssh2.Attributes);
      }),
  );
  sftp.on(
    'READ',
    (request, handle, offset, length) =>
      void answer(request, async () => {
        const file = files.get(handle.readUInt32BE());
        if (file === undefined) return void sftp.status(request, STATUS_CODE.FAILURE);
        const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
        if (bytesRead === 0) return void sftp.status(request, STATUS_CODE.EOF);
        sftp.data(request, buffer.subarray(0, bytesRead));
      }),
  );
  sftp.on(
    'CLOSE',
    (request, handle) =>
      void answer(request, async () => {
        const id = handle.readUInt32BE();
        folders.delete(id);
        await files.get(id)?.close();
        files.delete(id);
        sftp.status(request, STATUS_CODE.OK);
      }),
  );
  if (isWritable) serveWrites(sftp, files, answer);
  // A client that is cut off closes nothing.
  sftp.on('close', () => {
    for (const file of files.values()) void file.close();
    files.clear();
  });
}

/** What changes files and folders. */
function serveWrites(
  sftp: ssh2.SFTPWrapper,
  files: ReadonlyMap<number, FileHandle>,
  answer: (request: number, work: () => Promise<void>) => Promise<void>,
): void {
  const doing = (request: number, work: () => Promise<unknown>) =>
    void answer(request, async () => {
      await work();
      sftp.status(request, STATUS_CODE.OK);
    });
  sftp.on('WRITE', (request, handle, offset, data) =>
    doing(request, async () => files.get(handle.readUInt32BE())?.write(data, 0, data.length, offset)),
  );
  sftp.on('FSETSTAT', (request) => doing(request, async () => undefined));
  sftp.on('MKDIR', (request, path) => doing(request, () => mkdir(path)));
  sftp.on('RMDIR', (request, path) => doing(request, () => rmdir(path)));
  sftp.on('REMOVE', (request, path) => doing(request, () => unlink(path)));
  sftp.on('RENAME', (request, from, to) =>
    doing(request, async () => {
      await link(from, to);
      await unlink(from);
    }),
  );
}
