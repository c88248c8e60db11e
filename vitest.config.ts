import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { learningWorker } from './bin/setup.mjs';

/** The files that take longest, as measured: begun last, one of them would keep a worker busy while the others have nothing to do. */
const longest = [
  'main-job/main-job',
  'ui/demo',
  'ui/browser',
  'installation/three-days',
  'cli/watch/process',
  'killed/commands',
  'cli/subject',
  'loaders/weather',
  'subject/registry-history',
  'stream/stream-kafka',
  'loaders/weather-listing',
  'cli/errors',
  'runner/errors/positions',
  'promises/1-killed-builds',
  'subject/erase',
  'promises/7-hostile-names',
  'main-job/odd-data',
  'cli/watch/silent-database',
  'main-job/registry',
  'runner/data-tests/unit-tests',
  'powerbi/command',
  'runner/microbatch/microbatch',
  'runner/check/check',
  'features/predict',
  'powerbi/measure-values',
  'cli/check',
  'cli/kept',
  'runner/run/reuse',
  'cli/init',
  'installation/row-security',
  'loaders/bad-files',
  'cli/watch/database-restart',
  'main-job/unit-tests',
  'main-job/weather-gold',
  'loaders/erasure',
  'cli/convert',
  'promises/2-prediction-arrivals',
  'promises/2-household-equals-full',
  'promises/2-microbatch-equals-full',
  'cli/status',
  'cli/verify',
  'cli/watch/dropped-sources',
  'cli/watch/dropped-packets',
  'warehouse/stalled',
  'main-job/long-history',
  'main-job/predictions',
  'cli/watch/time-lapse',
  'stream/smart-building',
  'warehouse/embedded-disk',
  'loaders/killed',
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
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Files share a process, which spares loading the source a hundred times; tests/README.md says what that asks of them.
    isolate: false,
    // Two cores, and tests that wait: for processes, for servers, for what is to time out.
    maxWorkers: 3,
    // Rooms for young objects that are large enough that few of them grow old, and no threads of the collector beside the
    // workers, since these leave no core idle: a tenth of the time.
    execArgv: ['--max-semi-space-size=64', '--single-threaded-gc'],
    // The program as it ships is run as Node runs it.
    server: { deps: { external: [/\/dist\/datacycle\.js/] } },
    sequence: { sequencer: LongestFirst },
  },
}));
