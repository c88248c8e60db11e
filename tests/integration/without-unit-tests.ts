/**
 * For copies of this project: without its unit tests, which say the same wherever they run, and for which each first build of a copy
 * would open a database in memory. main-job/unit-tests.test.ts runs them.
 */
export function isNoUnitTest(path: string): boolean {
  return !/unit_tests\w*\.yml$/.test(path);
}
