import { once } from 'node:events';
import { compileProject } from '../../runner/compile/compile.ts';
import { readProject } from '../../runner/project/read-project.ts';
import { runNodes } from '../../runner/run/run.ts';
import { openWarehouse } from '../../warehouse/open.ts';

/*
 * A process of its own that builds a project on a command on standard input, and says how it ended. Its arguments
 * are the address of the database, the folder of the project and the id of the run.
 */
const [url, root = '', runId = ''] = process.argv.slice(2);
const compiled = compileProject(readProject({ root, env: {} }));
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const warehouse = await openWarehouse({ url, folder: '', purpose: 'build', concurrency: 4 });
const summary = await runNodes(compiled, warehouse, {
  command: 'build',
  selected: new Set(compiled.manifest.order),
  fullRefresh: false,
  reuse: true,
  threads: 4,
  failFast: false,
  clock: () => new Date(),
  runId,
  onEvent: () => undefined,
});
process.stdout.write(`${summary.ok ? 'done' : 'failed'}\n`);
await warehouse.close();
process.exit(0);
