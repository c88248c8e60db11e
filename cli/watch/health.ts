import { createServer, type Server, type ServerResponse } from 'node:http';
import { UsageError } from '../../runner/text/errors.ts';
import type { Champion } from '../predict/champions.ts';
import type { Conditions, Subject } from './conditions.ts';
import type { WatchMetrics } from './metrics.ts';

/** The state of the watcher, apart from what fails. */
export interface WatchState {
  readonly startedAt: Date;
  /** Sources that are watched. */
  readonly sources: readonly Subject[];
  lastCheck: Date | undefined;
  /** By the clock that never jumps, in milliseconds; of the last check, or of the start. */
  lastSign: number;
  lastHit: Date | undefined;
  /** What is being built, in a few words; undefined if nothing is. */
  building: string | undefined;
  /** The models that predict, as of the last training or forecast. */
  champions: readonly Champion[];
  /** Whether the first build and check are done. */
  ready: boolean;
}

export interface Health {
  readonly status: 'ok' | 'degraded' | 'starting';
  readonly [key: string]: unknown;
}

/** Checks that may be missed before the watcher counts as stuck. */
const missedChecks = 5;

/** What `/health` shows. Pure. @param elapsed milliseconds on the clock of `lastSign`. */
export function healthOf(state: WatchState, conditions: Conditions, elapsed: number, intervalMs: number): Health {
  const failing = conditions.failing();
  const isStuck = elapsed - state.lastSign > missedChecks * intervalMs;
  const status = failing.size > 0 || isStuck ? 'degraded' : state.ready ? 'ok' : 'starting';
  const about = (subject: Subject) => {
    const failure = failing.get(subject);
    return failure === undefined
      ? { ok: true }
      : { ok: false, failing_since: failure.since.toISOString(), failures: failure.count, message: failure.message };
  };
  const others: readonly Subject[] = [
    'watch',
    'database',
    'build',
    'tests',
    'nightly',
    'housekeeping',
    'exports',
    'predictions',
    'predictors',
    'training',
  ];
  return {
    status,
    started_at: state.startedAt.toISOString(),
    last_check_at: state.lastCheck?.toISOString() ?? null,
    last_hit_at: state.lastHit?.toISOString() ?? null,
    checks_overdue: isStuck,
    building: state.building ?? null,
    sources: Object.fromEntries(state.sources.map((name) => [name, about(name)])),
    ...Object.fromEntries(others.map((name) => [name, about(name)])),
    champions: state.champions.map(({ target, horizon, name, trainedTo, skill, predictedFrom }) => ({
      target,
      horizon,
      model: name,
      trained_to: trainedTo,
      skill,
      predicted_from: predictedFrom,
    })),
  };
}

/** Something else listens on the port of the health endpoint. */
export class PortTakenError extends UsageError {}

export interface HealthServer {
  /** The port it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers `/health` and `/metrics` on 127.0.0.1.
 * @throws PortTakenError; UsageError (exit code 2) if it cannot listen for another reason.
 */
export async function serveHealth(
  port: number,
  metrics: WatchMetrics,
  health: () => Health,
  redact: (text: string) => string,
): Promise<HealthServer> {
  const answer = (response: ServerResponse, code: number, type: string, body: string) => {
    response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(redact(body));
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'text/plain', 'GET only\n');
    else if (path === '/health') {
      const found = health();
      answer(response, found.status === 'degraded' ? 503 : 200, 'application/json', `${JSON.stringify(found)}\n`);
    } else if (path === '/metrics') {
      metrics.text().then(
        (text) => answer(response, 200, metrics.contentType, text),
        () => answer(response, 500, 'text/plain', 'the metrics cannot be read\n'),
      );
    } else answer(response, 404, 'text/plain', 'There are /health and /metrics.\n');
  });
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      const Kind = isTaken ? PortTakenError : UsageError;
      reject(
        new Kind({
          what: `the health endpoint cannot listen on 127.0.0.1:${port}: ${isTaken ? 'the port is taken' : error.message}`,
          hint: 'Set WATCH_PORT (environment or .env) to another port, or to 0 to do without.',
        }),
      );
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
