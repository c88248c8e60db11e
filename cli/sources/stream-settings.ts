import { readFileSync } from 'node:fs';
import type { KafkaAddress } from '../../loaders/kafka/connection.ts';
import type { GatherLimits } from '../../loaders/stream/gather.ts';
import type { StreamSource } from '../../loaders/stream/load-stream.ts';
import type { MessageLog } from '../../loaders/stream/message-log.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { bronzeRemote } from '../settings/bronze.ts';
import { bronzeRoot, fromRoot } from '../settings/environment.ts';
import { messageForm } from '../settings/message-form.ts';
import { flagSetting, numberSetting, textSetting } from '../settings/settings.ts';

/** The topics as project.yml and the environment (KAFKA_*, STREAM_*) describe them. @throws UsageError naming what is at fault. */
export function streamSource(project: Project): StreamSource {
  const address = kafkaAddress(project);
  return {
    open: address === undefined ? undefined : topicsAt(project, address),
    form: messageForm(project),
    bronzeRoot: bronzeRoot(project),
    bronzeRemote: bronzeRemote(project),
    limits: gatherLimits(project),
  };
}

/** Opens the topics at a broker, whose group (KAFKA_GROUP) is told how far they are landed. */
export function topicsAt(project: Project, address: KafkaAddress): () => Promise<MessageLog> {
  const group = textSetting(project, 'KAFKA_GROUP') ?? 'datacycle';
  return async () => (await import('../../loaders/kafka/kafka-log.ts')).KafkaLog.open(address, group);
}

/** How many messages are landed together (STREAM_GATHER_*). @throws UsageError */
export function gatherLimits(project: Project): GatherLimits {
  return {
    messages: numberSetting(project, 'STREAM_GATHER_MESSAGES', 50_000, { least: 1, most: 1_000_000 }),
    ms: numberSetting(project, 'STREAM_GATHER_SECS', 1, { least: 0.01, most: 3600, whole: false }) * 1000,
  };
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** The broker (KAFKA_*); undefined if there is none. @throws UsageError naming the setting at fault. */
export function kafkaAddress(project: Project): KafkaAddress | undefined {
  const text = textSetting(project, 'KAFKA_BROKERS');
  if (text === undefined) return undefined;
  const brokers = text.split(',').map((one) => one.trim());
  const wrong = brokers.find((one) => !/^(?:[^\s:,]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/.test(one));
  if (wrong !== undefined) {
    throw new UsageError({
      what: `KAFKA_BROKERS has "${wrong}", which is no host:port`,
      hint: 'Write e.g. KAFKA_BROKERS=kafka1:9092,kafka2:9092 in the environment or .env.',
    });
  }
  const user = textSetting(project, 'KAFKA_USER');
  // A password may begin or end with a space.
  const password = project.env.KAFKA_PASSWORD || undefined;
  if ((user === undefined) !== (password === undefined)) {
    throw new UsageError({
      what:
        user === undefined
          ? 'KAFKA_PASSWORD is set, but KAFKA_USER is not'
          : 'KAFKA_USER is set, but KAFKA_PASSWORD is not',
      hint: 'Set both in the environment or in .env, or neither for a broker without login.',
    });
  }
  const given = (textSetting(project, 'KAFKA_SASL_MECHANISM') ?? 'SCRAM-SHA-512').toUpperCase();
  const mechanism = mechanisms.find((one) => one === given);
  if (mechanism === undefined) {
    throw new UsageError({
      what: `KAFKA_SASL_MECHANISM is "${given}", but must be one of ${mechanisms.join(', ')}`,
      hint: didYouMean(given, mechanisms) ?? 'Correct it in the environment or .env.',
    });
  }
  const ca = textSetting(project, 'KAFKA_CA');
  return {
    brokers,
    tls: flagSetting(project, 'KAFKA_TLS', ca !== undefined) ? { ca: readCertificate(project, ca) } : undefined,
    sasl: user === undefined || password === undefined ? undefined : { mechanism, user, password },
  };
}

function readCertificate(project: Project, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(fromRoot(project.root, path), 'utf8');
  } catch (error) {
    throw new UsageError({
      what: `KAFKA_CA names ${path}, which cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Set it to the path of a certificate in PEM.',
    });
  }
}
