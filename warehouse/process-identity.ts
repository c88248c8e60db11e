import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * What tells a process from every other that has had its number: the start of the machine, the namespace of the numbers (that of a
 * container) and when the process was started. Undefined where there is no such process, it has ended and nobody has asked how (a
 * zombie, which a container without an init process keeps for ever), or the system does not say.
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    if (process.platform !== 'linux') {
      const columns = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)];
      const [state = '', ...lstart] = execFileSync('ps', columns, { encoding: 'utf8', stdio: 'pipe' })
        .trim()
        .split(/\s+/);
      return state.startsWith('Z') ? undefined : lstart.join(' ');
    }
    // The name of the program stands in parentheses and may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${numberSpace()} ${fields[19]}`;
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
