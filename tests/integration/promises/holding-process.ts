import { openWarehouse } from '../../../warehouse/open.ts';

/*
 * A process of its own that takes the lock of a run, says so, and holds it until it is killed. It is given the address of
 * the database as its only argument.
 */
const warehouse = await openWarehouse({ url: process.argv[2], folder: '', purpose: 'run', concurrency: 1 });
await warehouse.exclusive('run', async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => setTimeout(resolve, 10 * 60_000));
});
