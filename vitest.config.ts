import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Minutes long, though short to read: begun last, they would keep one worker busy while the other has nothing to do. */
const long = /\/tests\/integration\/(promises|subject|main-job)\//;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [
      ...sorted.filter(({ moduleId }) => long.test(moduleId)),
      ...sorted.filter(({ moduleId }) => !long.test(moduleId)),
    ];
  }
}

/** `--mode long` (npm run test:long) repeats what gains by repetition as often as a night allows. */
export default defineConfig(({ mode }) => ({
  test: {
    globalSetup: ['tests/postgres-server.ts', 'tests/embedded-template.ts'],
    include: ['tests/{unit,golden,integration}/**/*.test.ts'],
    env: mode === 'long' ? { TEST_LONG: '1' } : {},
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Two databases and two cores: more workers only make each other wait.
    maxWorkers: 2,
    // The program as it ships is run as Node runs it.
    server: { deps: { external: [/\/dist\/datacycle\.js/] } },
    sequence: { sequencer: LongestFirst },
  },
}));
