import { compileProject } from '../../../runner/compile.ts';
import { readProject } from '../../../runner/project.ts';
import { runNodes } from '../../../runner/run.ts';
import { openWarehouse } from '../../../warehouse/open.ts';

/*
 * A process of its own that builds a project, so that it can be killed. It is given the address of the database and the
 * project's folder.
 */
const [, , url, root = ''] = process.argv;
const compiled = compileProject(readProject({ root, env: {} }));
const warehouse = await openWarehouse({ url, folder: '', purpose: 'run', concurrency: 2 });
await runNodes(compiled, root, warehouse, {
  command: 'run',
  selected: new Set(compiled.manifest.order),
  fullRefresh: false,
  threads: 2,
  failFast: false,
  clock: () => new Date(),
  runId: 'killed',
  onEvent: () => undefined,
});
await warehouse.close();
