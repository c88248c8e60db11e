import { writeSync } from 'node:fs';
import { loadSensors, type SensorSource } from '../../../loaders/sensors/load-sensors.ts';
import { openWarehouse } from '../../../warehouse/open.ts';

/**
 * A process to be killed: loads, and stands still in the middle of a batch, having said so.
 * Arguments: address (empty: the embedded database), folder of the embedded database, source as JSON, where to stop.
 */
const [url, folder = '', source = '{}', stopAt = '0'] = process.argv.slice(2);

const warehouse = await openWarehouse({ url, folder, purpose: 'test', concurrency: 2 });
await loadSensors(warehouse, JSON.parse(source) as SensorSource, {
  mode: 'new',
  batchFiles: 100,
  clock: () => new Date(),
  onProgress: ({ phase, files }) => {
    if (phase !== 'landing' || files !== Number(stopAt)) return;
    writeSync(1, 'standing still');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
writeSync(1, 'done');
await warehouse.close();
