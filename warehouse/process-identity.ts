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
      const said = execFileSync('ps', columns, { encoding: 'utf8', stdio: 'pipe' }).trim();
      return said.startsWith('Z') ? undefined : said.replace(/^\S+\s+/, '');
    }
    const fields = statOf(pid);
    return isEnded(fields) ? undefined : `${numberSpace()} ${fields[19]}`;
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

/** Whether there is a process of this number that has not ended: a zombie has. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    // Signal 0 only asks whether the process exists; Node does the same on Windows.
    process.kill(pid, 0);
  } catch (error) {
    // Another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !isEnded(statOf(pid));
  } catch {
    return true;
  }
}

/** What Linux says of a process, from its state on. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program is in parentheses and may contain spaces.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function isEnded([state]: readonly string[]): boolean {
  return state === 'Z' || state === 'X';
}
