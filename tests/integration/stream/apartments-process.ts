// Sends the sensor files of a database to a topic of Kafka, or lands them from there, and stands still when the clock is asked for the nth time.
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { KafkaSink } from '../../../loaders/kafka/kafka-sink.ts';
import { loadSensorTopic } from '../../../loaders/sensor-messages/load-topic.ts';
import { publishFiles } from '../../../loaders/sensor-messages/publish.ts';
import { openWarehouse } from '../../../warehouse/open.ts';

const [what = '', url = '', broker = '', group = '', topic = '', bronzeRoot = '', stopAt = '0'] = process.argv.slice(2);
const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 3 });
const address = { brokers: [broker], tls: undefined, sasl: undefined };
let asked = 0;
const clock = () => {
  asked += 1;
  if (asked === Number(stopAt)) {
    process.stdout.write('standing still');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  // The broker deletes by the time of sending, so that is the true one; the files are of 2023 and plausible either way.
  return new Date();
};
if (what === 'publish') {
  await publishFiles({
    warehouse,
    topic,
    open: async () => new KafkaSink(address),
    clock,
    signal: new AbortController().signal,
    after: 0,
    onPublished: () => undefined,
  });
} else {
  const apartments = [
    { id: 'jimmy', owner: 'JimmyLoup' },
    { id: 'jeremie', owner: 'JeremieVianin' },
  ];
  const limits = { messages: 150, ms: 300 };
  const source = { open: () => KafkaLog.open(address, group), topic, bronzeRoot, apartments, limits };
  await loadSensorTopic(warehouse, source, { mode: 'new', clock });
}
await warehouse.close();
