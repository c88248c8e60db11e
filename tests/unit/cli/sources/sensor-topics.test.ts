import { describe, expect, it } from 'vitest';
import { publishTarget, sensorTopic } from '../../../../cli/sources/sensor-topics.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';

describe('the settings of the topics of sensor files', () => {
  const askWith = (env: Readonly<Record<string, string>>) => {
    const project = new TemporaryProject({
      'project.yml': `name: p\nversion: "1.0.0"\nvars: { apartments: [{ id: jimmy, owner: JimmyLoup }] }\n`,
    });
    try {
      const read = readProject({ root: project.root, env });
      return { from: sensorTopic(read), to: publishTarget(read) };
    } finally {
      project.dispose();
    }
  };

  it('say where files come from and where they go', () => {
    expect(askWith({})).toEqual({ from: undefined, to: undefined });
    const broker = { KAFKA_BROKERS: 'one:9092,two:9092' };
    const { from, to } = askWith({ ...broker, SENSORS_TOPIC: 'a.b', SENSORS_PUBLISH_TOPIC: 'a_c' });
    expect(from).toMatchObject({ topic: 'a.b', apartments: [{ id: 'jimmy' }], limits: { messages: 5000, ms: 1000 } });
    expect(to).toMatchObject({ topic: 'a_c' });
    const few = askWith({ ...broker, SENSORS_TOPIC: 'a', STREAM_GATHER_MESSAGES: '20', STREAM_GATHER_SECS: '0.5' });
    expect(few.from?.limits).toEqual({ messages: 20, ms: 500 });
  });

  it.each([
    [{ SENSORS_TOPIC: 'a b' }, 'SENSORS_TOPIC is "a b", but must be the name of a topic'],
    [{ SENSORS_TOPIC: 'a' }, 'SENSORS_TOPIC is set, but KAFKA_BROKERS is not'],
    [{ SENSORS_TOPIC: 'a', SMB_PATH: 'share' }, 'SENSORS_TOPIC and SMB_PATH are both set'],
    [{ SENSORS_PUBLISH_TOPIC: 'ä' }, 'SENSORS_PUBLISH_TOPIC is "ä", but must be the name of a topic'],
    [{ SENSORS_PUBLISH_TOPIC: 'a' }, 'SENSORS_PUBLISH_TOPIC is set, but KAFKA_BROKERS is not'],
    [{ SENSORS_PUBLISH_TOPIC: 'a', KAFKA_BROKERS: 'one' }, 'KAFKA_BROKERS has "one", which is no host:port'],
    [
      { SENSORS_PUBLISH_TOPIC: 'a', SENSORS_TOPIC: 'a', KAFKA_BROKERS: 'one:1' },
      'SENSORS_TOPIC and SENSORS_PUBLISH_TOPIC are both "a"',
    ],
    [{ SENSORS_TOPIC: 'a', KAFKA_BROKERS: 'one:1', KAFKA_USER: 'me' }, 'KAFKA_USER is set, but KAFKA_PASSWORD is not'],
    [{ SENSORS_TOPIC: 'a', KAFKA_BROKERS: 'one:1', STREAM_GATHER_SECS: '-1' }, 'STREAM_GATHER_SECS'],
  ])('cannot be %j', (env, message) => {
    expect(() => askWith(env as unknown as Record<string, string>)).toThrow(message);
  });
});
