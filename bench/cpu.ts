import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

/** CPU seconds of a process, of all its threads, as Linux counts them in hundredths; NaN elsewhere, and for a process that has ended. */
export function cpuSecondsOf(pid: number): number {
  const times = timesOf(pid);
  return times === undefined ? Number.NaN : times.own;
}

/**
 * CPU seconds of the PostgreSQL server that this session belongs to, of all its processes, those that have ended included; NaN where it is on
 * another machine, or not on Linux. A difference of two readings is what the server has done meanwhile.
 */
export async function postgresCpuSeconds(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = timesOf(rows[0]?.pid ?? 0)?.parent;
  const ended = postmaster === undefined ? undefined : timesOf(postmaster);
  if (ended?.name !== 'postgres') return Number.NaN;
  let sum = ended.own + ended.children;
  for (const name of readdirSync('/proc')) {
    const one = /^\d+$/.test(name) ? timesOf(Number(name)) : undefined;
    if (one !== undefined && one.parent === postmaster) sum += one.own;
  }
  return sum;
}

interface Times {
  readonly name: string;
  readonly parent: number;
  /** Seconds of CPU of its own, and of its children that have ended. */
  readonly own: number;
  readonly children: number;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function timesOf(pid: number): Times | undefined {
  try {
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const fields = rest.split(' ').map(Number);
    const seconds = (from: number) => ((fields[from] ?? 0) + (fields[from + 1] ?? 0)) / 100;
    return { name, parent: fields[1] ?? 0, own: seconds(11), children: seconds(13) };
  } catch {
    return undefined;
  }
}
