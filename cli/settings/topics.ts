import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { textSetting } from './settings.ts';

/** The topic to which landed sensor files are sent (SENSORS_PUBLISH_TOPIC), also where no broker is set. @throws UsageError if it cannot be one. */
export function publishTopic(project: Project): string | undefined {
  return topicSetting(project, 'SENSORS_PUBLISH_TOPIC');
}

/** The name of a topic that a setting gives; undefined if it is not set. @throws UsageError if it cannot be one. */
export function topicSetting(project: Project, name: string): string | undefined {
  const topic = textSetting(project, name);
  if (topic === undefined || /^[A-Za-z0-9._-]{1,200}$/.test(topic)) return topic;
  throw new UsageError({
    what: `${name} is "${topic}", but must be the name of a topic: letters, digits and . _ -`,
    hint: 'Correct it in the environment or .env.',
  });
}
