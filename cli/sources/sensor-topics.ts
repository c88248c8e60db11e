import type { SensorTopic } from '../../loaders/sensor-messages/load-topic.ts';
import type { ClosableSink } from '../../loaders/sensor-messages/publish.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { bronzeRemote } from '../settings/bronze.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { apartmentsOf, textSetting } from '../settings/settings.ts';
import { publishTopic, topicSetting } from '../settings/topics.ts';
import { sensorTimes } from './sensor-times.ts';
import { gatherLimits, kafkaAddress, topicsAt } from './stream-settings.ts';

/** Files of one batch, at most: each has some kilobytes, and is in memory twice. */
const batchFiles = 5000;

/** Where the sensor files come from if not from a share (SENSORS_TOPIC); undefined if from a share. @throws UsageError */
export function sensorTopic(project: Project): SensorTopic | undefined {
  const topic = topicSetting(project, 'SENSORS_TOPIC');
  if (topic === undefined) return undefined;
  if (textSetting(project, 'SMB_PATH') !== undefined) {
    throw new UsageError({
      what: 'SENSORS_TOPIC and SMB_PATH are both set: sensor files come from a topic or from a share',
      hint: 'Empty one of them in the environment or .env.',
    });
  }
  const address = addressFor(project, 'SENSORS_TOPIC');
  const limits = gatherLimits(project);
  return {
    open: topicsAt(project, address),
    topic,
    bronzeRoot: bronzeRoot(project),
    bronzeRemote: bronzeRemote(project),
    apartments: apartmentsOf(project),
    times: sensorTimes(project),
    limits: { ...limits, messages: Math.min(batchFiles, limits.messages) },
  };
}

/** Where landed sensor files are sent as messages. */
export interface PublishTarget {
  readonly topic: string;
  readonly open: () => Promise<ClosableSink>;
}

/** Where landed sensor files are sent as messages (SENSORS_PUBLISH_TOPIC); undefined: nowhere. @throws UsageError */
export function publishTarget(project: Project): PublishTarget | undefined {
  const topic = publishTopic(project);
  if (topic === undefined) return undefined;
  if (topic === textSetting(project, 'SENSORS_TOPIC')) {
    throw new UsageError({
      what: `SENSORS_TOPIC and SENSORS_PUBLISH_TOPIC are both "${topic}": what is landed would be sent where it comes from`,
      hint: 'Name another topic, or empty one of them.',
    });
  }
  const address = addressFor(project, 'SENSORS_PUBLISH_TOPIC');
  return { topic, open: async () => new (await import('../../loaders/kafka/kafka-sink.ts')).KafkaSink(address) };
}

function addressFor(project: Project, setting: string) {
  const address = kafkaAddress(project);
  if (address !== undefined) return address;
  throw new UsageError({
    what: `${setting} is set, but KAFKA_BROKERS is not`,
    hint: 'Set KAFKA_BROKERS=host:9092 in the environment or .env.',
  });
}
