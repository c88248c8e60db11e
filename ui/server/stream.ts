import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Port } from '../data/port.ts';

/** Tabs beyond that are told to come back later: each holds a connection. */
const mostListeners = 20;

/** Between two signs of life, in milliseconds: proxies close what is silent for a minute. */
const breathMs = 20_000;

let listeners = 0;

/** Sends each change of a job as a server-sent event `job`, until the browser leaves. */
export function streamJobs(request: FastifyRequest, reply: FastifyReply, { jobs, redact }: Port): FastifyReply {
  if (listeners >= mostListeners) return reply.code(503).header('retry-after', '10').send('Too many tabs are open.\n');
  listeners += 1;
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  raw.write('retry: 2000\n\n');
  const stop = jobs.listen((change) => raw.write(`event: job\ndata: ${redact(JSON.stringify(change))}\n\n`));
  const breath = setInterval(() => raw.write(': still here\n\n'), breathMs);
  breath.unref();
  request.raw.once('close', () => {
    listeners -= 1;
    clearInterval(breath);
    stop();
    raw.end();
  });
  return reply;
}
