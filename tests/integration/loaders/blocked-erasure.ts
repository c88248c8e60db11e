import { writeSync } from 'node:fs';
import { visitLanded } from '../../../loaders/erasure/landed.ts';
import { sensorFiles } from '../../../loaders/erasure/request.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { jimmy } from './erasure-household.ts';

/**
 * A process to be killed: erases, and stands still at one of its signs of progress, having said so.
 * Arguments: address of the database, folder of Bronze, after how many snapshots of the registry; 0: among the sensor files.
 */
const [url, bronzeRoot = '', stopAt = '0'] = process.argv.slice(2);

const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 2 });
let signs = 0;
const onProgress = (place: string) => {
  signs += place === sensorFiles ? 0 : 1;
  if (signs < Number(stopAt)) return;
  writeSync(1, 'standing still');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
await visitLanded(warehouse, { bronzeRoot, subject: jimmy, onProgress }, { kind: 'erase' });
writeSync(1, 'done');
await warehouse.close();
