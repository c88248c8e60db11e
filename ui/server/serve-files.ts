import { createServer } from 'node:http';
import { securityHeaders } from './headers.ts';
import { listenAt, type RunningServer } from './listen.ts';

/**
 * Shows a few files at 127.0.0.1, whole and by their addresses; no address is made into a path.
 * @param port 0: any that is free. @throws DatacycleError if it is taken.
 */
export async function serveFiles(
  files: ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>,
  port: number,
): Promise<RunningServer> {
  let hosts: readonly string[] = [];
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const file = files.get((request.url ?? '').split('?')[0] ?? '');
    const answer = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    if (!hosts.includes(request.headers.host ?? '')) answer(421, 'This server does not answer to that name.\n');
    else if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'Only GET is answered.\n');
    else if (file === undefined) answer(404, 'There is no such file.\n');
    else response.writeHead(200, { 'content-type': file.type }).end(file.body);
  });
  const listensOn = await listenAt(server, port);
  hosts = [`127.0.0.1:${listensOn}`, `localhost:${listensOn}`];
  return {
    address: `http://127.0.0.1:${listensOn}/`,
    listensOn,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
