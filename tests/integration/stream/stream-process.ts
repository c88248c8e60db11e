// Lands messages of Kafka until it is killed or fails, and writes a mark at each step. Where it is to stand still, it does so at that step of
// the first batch that it has planned itself.
import { writeSync } from 'node:fs';
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { withSteps } from './landing-steps.ts';

const [url = '', bronzeRoot = '', broker = '', group = '', purpose = '', standStillAt = '', ...topics] =
  process.argv.slice(2);
const warehouse = await openWarehouse({ url, folder: '', purpose, concurrency: 3 });
let hasPlanned = false;
await loadStream(
  // Before a plan, when the files are written, and before the commit.
  withSteps(warehouse, (step) => {
    hasPlanned ||= step === 'plan';
    if (hasPlanned && step === standStillAt) {
      writeSync(1, '!');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    writeSync(1, '.');
  }),
  {
    open: () => KafkaLog.open({ brokers: [broker], tls: undefined, sasl: undefined }, group),
    form: {
      topics,
      zone: 'America/Los_Angeles',
      time: 'ts',
      partitionBy: ['room', 'sensor'],
      numbers: ['value'],
    },
    bronzeRoot,
    limits: { messages: 2500, ms: 300 },
    isOver: () => false,
  },
  { mode: 'new', clock: () => new Date() },
);
