import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Measured {
  readonly seconds: number;
  /** What the process itself computed, its threads included; not what a server did for it. */
  readonly cpuSeconds: number;
  /** Largest resident set of the process, in megabytes. */
  readonly memoryMb: number;
  readonly output: string;
}

/** In kilobytes. Of a child Linux counts what its parent had, too, except in /proc. */
const peak = `const peak=()=>{try{return /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status','utf8'))[1]}catch{return process.resourceUsage().maxRSS}};`;

/** Node's flags for a profile of each process it runs, in the folder that BENCH_PROFILE names; its cost is in the figures then. */
export const profiling: readonly string[] =
  process.env.BENCH_PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`];

/** Runs a Node program to its end as a process of its own and measures the whole of it, start-up included. */
export async function runNode(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Measured> {
  const report = join(tmpdir(), `datacycle-bench-${process.pid}-${Math.round(performance.now() * 1000)}`);
  const onExit = `import{readFileSync,writeFileSync}from'node:fs';${peak}process.on('exit',()=>{const{user,system}=process.cpuUsage();writeFileSync(${JSON.stringify(report)},peak()+' '+(user+system))})`;
  const started = performance.now();
  const hook = `data:text/javascript,${encodeURIComponent(onExit)}`;
  const child = spawn(process.execPath, [...profiling, '--import', hook, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output}`);
  const [kilobytes = 0, microseconds = 0] = readFileSync(report, 'utf8').split(' ').map(Number);
  rmSync(report, { force: true });
  return { seconds, cpuSeconds: microseconds / 1e6, memoryMb: Math.round(kilobytes / 1024), output };
}

/** The middle one of an odd number of figures. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
