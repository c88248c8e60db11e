import { writeSync } from 'node:fs';
import { eraseLanded } from '../../../loaders/erasure/erase-landed.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { jimmy } from './erasure-household.ts';

/**
 * A process to be killed: erases, and stands still at one of its signs of progress, having said so.
 * Arguments: address of the database, folder of Bronze, which sign.
 */
const [url, bronzeRoot = '', stopAt = '0'] = process.argv.slice(2);

const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 2 });
let signs = 0;
await eraseLanded(warehouse, {
  bronzeRoot,
  subject: jimmy,
  onProgress: () => {
    signs += 1;
    if (signs < Number(stopAt)) return;
    writeSync(1, 'standing still');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
writeSync(1, 'done');
await warehouse.close();
