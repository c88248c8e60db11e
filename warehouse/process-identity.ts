import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * What tells a process from every other that has had its number: the start of the machine, the namespace of the numbers (that of a
 * container) and when the process was started. Undefined where there is no such process, or the system does not say.
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
    // The name of the program stands in parentheses and may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${numberSpace()} ${started}`;
  } catch {
    return undefined;
  }
}

/** Within it a process number means one process: the machine since its start, and the container. */
export function numberSpace(): string | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.platform !== 'linux') return `- ${hostname()}`;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}
