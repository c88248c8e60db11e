// Lands a queue of messages and stands still when the clock is asked for the nth time: before a plan, after the files, or before the commit.

import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { partitionName } from '../../../loaders/stream/message-log.ts';
import { landedOffsets } from '../../../loaders/stream/offsets.ts';
import { QueueLog } from '../../../loaders/stream/queue-log.ts';
import { openWarehouse } from '../../../warehouse/open.ts';

const [url = '', bronzeRoot = '', count = '0', stopAt = '0'] = process.argv.slice(2);
const topics = ['iot.co2', 'iot.pir'];
const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 3 });
await ensureStaging(warehouse);
const landed = await landedOffsets(warehouse, 'queue');
const starts = new Map(landed.map((one) => [partitionName(one), { first: 0, landed: one.next }]));
const queue = new QueueLog('queue', topics, starts);
for (let at = 0; at < Number(count); at += 1) {
  const [topic, sensor] = at % 3 === 0 ? ['iot.pir', 'pir'] : ['iot.co2', 'co2'];
  const text = JSON.stringify({ room: String(400 + (at % 7)), sensor, ts: 1_377_299_107 + at, value: at / 4 });
  void queue.send(topic, '', text, 1_700_000_000_000 + at);
}
queue.end();
let asked = 0;
const clock = () => {
  asked += 1;
  if (asked === Number(stopAt)) {
    process.stdout.write('standing still');
    // Whatever is under way stays so: the connection, too, is only ended by the kill.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  return new Date();
};
await loadStream(
  warehouse,
  {
    open: async () => queue,
    form: { topics, zone: 'America/Los_Angeles', time: 'ts', partitionBy: ['room', 'sensor'], numbers: ['value'] },
    bronzeRoot,
    limits: { messages: 500, ms: 1000 },
    isOver: () => queue.isOver,
  },
  { mode: 'new', clock },
);
await warehouse.close();
process.stdout.write('done');
