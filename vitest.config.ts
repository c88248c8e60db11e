import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { learningWorker } from './bin/setup.mjs';

/** The files that take longest, as measured: begun last, one of them would keep a worker busy while the others have nothing to do. */
const longest = [
  'stream/stream-kafka',
  'ui/demo',
  'main-job/main-job',
  'killed/commands',
  'cli/watch/process',
  'installation/three-days',
  'ui/browser',
  'features/predict',
  'powerbi/command',
  'subject/erase',
  'powerbi/measure-values',
  'cli/watch/silent-database',
  'cli/check',
  'main-job/unit-tests',
  'subject/registry-history',
  'promises/7-hostile-names',
  'cli/watch/database-restart',
  'promises/3-readers-behind-a-change',
  'warehouse/stalled',
  'warehouse/embedded-start',
  'features/predictors',
  'runner/errors/positions',
  'promises/1-killed-builds',
  'main-job/registry',
  'runner/partitions/partitions',
  'cli/watch/dropped-packets',
  'ui/held',
  'runner/partitions/partition-access',
  'installation/row-security',
  'loaders/weather',
  'promises/2-household-equals-full',
  'promises/3-readers-of-gold',
  'promises/2-microbatch-equals-full',
  'cli/watch/dropped-sources',
  'runner/verify/not-compared',
  'loaders/erasure',
  'features/point-in-time',
  'runner/microbatch/microbatch',
  'cli/watch/time-lapse',
  'cli/init',
  'ui/residents',
  'ui/attacks',
  'main-job/long-history',
  'main-job/odd-data',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/tests/integration/${name}.test.ts`));
      const isShort = /\/tests\/(unit|golden)\//.test(moduleId);
      return at >= 0 ? at : longest.length + (isShort ? 1 : 0);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** `--mode long` (npm run test:long) repeats what gains by repetition as often as a night allows. */
export default defineConfig(async ({ mode }) => ({
  define: { LEARNING_WORKER: JSON.stringify(await learningWorker()) },
  test: {
    globalSetup: ['tests/temporary-folder.ts', 'tests/postgres-server.ts', 'tests/embedded-template.ts'],
    setupFiles: ['tests/equal-bytes.ts'],
    include: ['tests/{unit,golden,integration}/**/*.test.ts'],
    env: mode === 'long' ? { TEST_LONG: '1' } : {},
    // Patience costs nothing where all is well; a machine with much else to do takes many times as long as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 90_000 } },
    // Files share a process, which spares loading the source a hundred times; tests/README.md says what that asks of them.
    isolate: false,
    // Two cores, and tests that wait: for processes, for servers, for what is to time out.
    maxWorkers: 3,
    // Rooms for young objects that are large enough that few of them grow old, and no threads of the collector beside the
    // workers, since these leave no core idle: a tenth of the time.
    execArgv: ['--max-semi-space-size=64', '--single-threaded-gc'],
    // The program as it ships is run as Node runs it.
    server: { deps: { external: [/\/dist\/datacycle\.mjs/] } },
    sequence: { sequencer: LongestFirst },
  },
}));
