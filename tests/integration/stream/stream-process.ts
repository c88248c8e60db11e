// Lands messages of Kafka until it is killed, and says so when a plan is committed.
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { openWarehouse } from '../../../warehouse/open.ts';

const [url = '', bronzeRoot = '', broker = ''] = process.argv.slice(2);
const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 3 });
let asked = 0;
await loadStream(
  warehouse,
  {
    open: () => KafkaLog.open({ brokers: [broker], tls: undefined, sasl: undefined }),
    form: {
      topics: ['iot.co2', 'iot.pir'],
      zone: 'America/Los_Angeles',
      time: 'ts',
      partitionBy: ['room', 'sensor'],
      numbers: ['value'],
    },
    bronzeRoot,
    limits: { messages: 5000, ms: 300 },
    isOver: () => false,
  },
  {
    mode: 'new',
    // Asked for the bounds, then for each plan and, when its files are written, for its load.
    clock: () => {
      asked += 1;
      if (asked === 3) process.stdout.write('planned');
      return new Date();
    },
  },
);
