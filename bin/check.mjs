// Everything that must be green before a change lands: format and lint, the rules for SQL, types, tests. One after the other; stops at the first failure.
import { runNpm } from './setup.mjs';

for (const script of ['lint', 'lint:sql', 'types', 'test']) {
  process.stdout.write(`\n${script}\n`);
  const status = runNpm(['run', script]);
  if (status !== 0) process.exit(status ?? 1);
}
