import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type Child, type Ending, runChild } from '../../../predictors/child.ts';

/** Runs a program of Node.js, and collects what it writes. */
async function run(
  program: string,
  options: Partial<Child> = {},
): Promise<{ ending: Ending; lines: string[]; errors: string[]; seconds: number }> {
  const [lines, errors]: [string[], string[]] = [[], []];
  const started = performance.now();
  const ending = await runChild({
    command: [process.execPath, '-e', program],
    folder: tmpdir(),
    env: { PATH: process.env.PATH ?? '' },
    lines: ['one', 'two'],
    timeoutMs: 60_000,
    mostLines: 1000,
    mostCharacters: 100_000,
    signal: new AbortController().signal,
    onLine: (line) => lines.push(line),
    onError: (line) => errors.push(line),
    ...options,
  });
  return { ending, lines, errors, seconds: (performance.now() - started) / 1000 };
}

/** Whether a process runs; one that is dead and that nobody has waited for does not. */
function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

const echo = "process.stdin.on('data', (data) => process.stdout.write(data));";

describe('a program that reads lines and writes lines', () => {
  it('gets all lines, and its own are handed on, also the last one without a line break and letters cut in two', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `${index} ä€`);
    const outcome = await run(`${echo} process.stdin.on('end', () => process.stdout.write('the end'));`, {
      lines: many,
    });
    expect(outcome.ending).toEqual({ kind: 'done' });
    expect(outcome.lines).toEqual([...many, 'the end']);
  });

  it('has failed where it ends with another exit code, and keeps what it wrote before, but no half line', async () => {
    const { ending, lines } = await run("process.stdout.write('whole\\nhal', () => process.exit(3));");
    expect(ending).toEqual({ kind: 'failed', reason: 'it ended with exit code 3' });
    expect(lines).toEqual(['whole']);
  });

  it('may end before it has read everything', async () => {
    const { ending } = await run('process.exit(0)', { lines: Array.from({ length: 50_000 }, () => 'x'.repeat(100)) });
    expect(ending).toEqual({ kind: 'done' });
  });

  it.runIf(process.platform !== 'win32')(
    'is killed with its children where it hangs and does not want to end',
    async () => {
      // A shell is there at once, also where Node takes seconds to begin; its child ignores the signal, too.
      const stubborn = "trap '' TERM; sleep 1000 & echo $$; echo $!; while :; do wait; done";
      const { ending, lines, seconds } = await run('', { command: ['sh', '-c', stubborn], timeoutMs: 2000 });
      expect(ending).toEqual({ kind: 'failed', reason: 'it took longer than 2 s' });
      expect(seconds).toBeLessThan(60);
      expect(lines).toHaveLength(2);
      await expect.poll(() => lines.filter(isAlive)).toEqual([]);
    },
  );

  it.each([
    ['lines', "for (;;) require('node:fs').writeSync(1, 'x\\n'.repeat(1000))", 'it wrote more than 1000 lines'],
    [
      'one line without an end',
      "for (;;) require('node:fs').writeSync(1, 'x'.repeat(1000))",
      'it wrote more than 100000 characters',
    ],
  ])('is ended where it floods with %s', async (_what, program, reason) => {
    const { ending, lines } = await run(`try { ${program} } catch { setInterval(() => undefined, 1000) }`);
    expect(ending).toEqual({ kind: 'failed', reason });
    expect(lines.length).toBeLessThanOrEqual(1000);
  });

  it('is ended where it is no longer wanted', async () => {
    const stop = new AbortController();
    const running = run('console.log("up"); setInterval(() => undefined, 1000)', {
      signal: stop.signal,
      onLine: () => stop.abort(),
    });
    expect((await running).ending).toEqual({ kind: 'failed', reason: 'it was no longer wanted' });
  });

  it('says where it cannot be started', async () => {
    const { ending } = await run('', { command: ['no-such-program'] });
    expect(ending).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/cannot be started.*ENOENT/) });
  });

  it('is no shell, and has no other environment than it is given', async () => {
    const { lines } = await run('console.log(process.argv[1]); console.log(Object.keys(process.env).sort().join())', {
      command: [
        process.execPath,
        '-e',
        'console.log(process.argv[1]); console.log(process.env.SECRET)',
        '$(id) && `id`',
      ],
      env: { PATH: 'x' },
    });
    expect(lines).toEqual(['$(id) && `id`', 'undefined']);
  });

  it('may write errors, which are handed on shortened, and no more than a hundred of them', async () => {
    const { ending, errors } = await run(
      "console.error('first'); console.error('y'.repeat(9000)); for (let i = 0; i < 5000; i += 1) console.error('again')",
    );
    expect(ending).toEqual({ kind: 'done' });
    expect(errors.slice(0, 2)).toEqual(['first', 'y'.repeat(500)]);
    expect(errors).toHaveLength(101);
    expect(errors.at(-1)).toContain('left out');
  });
});
