import type { UnitTestNode } from '../manifest/manifest.ts';
import type { Reuse } from '../reuse/reuse.ts';
import { differenceLines, differenceText } from '../unit-test/difference-lines.ts';
import type { UnitTestOptions } from '../unit-test/options.ts';
import { UnitTester } from '../unit-test/unit-tester.ts';
import { failure, type Outcome, passed } from './run-result.ts';

/** The unit tests of a run. One whose model, rows and upstream columns are as they were when it passed is left out. */
export class UnitTestWork {
  readonly #tester: UnitTester;
  readonly #clock: () => Date;
  readonly #reuse: () => Reuse | undefined;

  /** @param reuse what need not be done again, once that is known. */
  constructor(options: UnitTestOptions, clock: () => Date, reuse: () => Reuse | undefined) {
    this.#tester = new UnitTester(options);
    this.#clock = clock;
    this.#reuse = reuse;
  }

  async run(test: UnitTestNode): Promise<Outcome> {
    const reuse = this.#reuse();
    const passedAt = reuse?.unitTestPassedAt(test);
    if (passedAt !== undefined) return { ...passed, action: 'reuse', left: true, message: 'unchanged' };
    try {
      const outcome = await this.#tester.run(test);
      if (outcome === undefined) {
        reuse?.unitTestPassed(test, this.#clock().toISOString());
        return passed;
      }
      const failures = outcome.missing.length + outcome.surplus.length;
      const difference = differenceLines(outcome);
      return { ...passed, status: 'fail', message: differenceText(outcome), failures, difference };
    } catch (error) {
      return failure(error);
    }
  }

  /** Closes what the tests have opened. */
  close(): Promise<void> {
    return this.#tester.close();
  }
}
