// Lands a queue of messages and stands still at a step of the nth batch: before its plan, when its files are written, or before its commit.
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { partitionName } from '../../../loaders/stream/message-log.ts';
import { landedOffsets } from '../../../loaders/stream/offsets.ts';
import { QueueLog } from '../../../loaders/stream/queue-log.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { withSteps } from './landing-steps.ts';

const [url = '', bronzeRoot = '', count = '0', stopAt = 'never', batch = '1'] = process.argv.slice(2);
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
let met = 0;
const blocked = withSteps(warehouse, (step) => {
  if (step === stopAt) met += 1;
  if (step !== stopAt || met !== Number(batch)) return;
  process.stdout.write('standing still');
  // Whatever is under way stays so: the connection, too, is only ended by the kill.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
await loadStream(
  blocked,
  {
    open: async () => queue,
    form: { topics, zone: 'America/Los_Angeles', time: 'ts', partitionBy: ['room', 'sensor'], numbers: ['value'] },
    bronzeRoot,
    limits: { messages: 500, ms: 1000 },
    isOver: () => queue.isOver,
  },
  { mode: 'new', clock: () => new Date() },
);
await warehouse.close();
process.stdout.write('done');
