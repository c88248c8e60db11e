import * as z from 'zod';
import type { MessageForm } from '../../loaders/stream/form.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';

const fieldName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,40}$/, 'a name of letters, digits and _');
const form = z.strictObject({
  topics: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,200}$/, 'a topic of letters, digits and . _ -')).min(1),
  zone: z.string().default('UTC'),
  time: fieldName,
  partition_by: z.array(fieldName).max(4).default([]),
  numbers: z.array(fieldName).max(50).default([]),
});

/** The columns that every file of Bronze has besides those of the fields. */
const ownColumns = ['topic', 'partition', 'offset', 'kafka_ts', 'event_ts', 'event_date', 'ingest_ts', 'message'];

/** What project.yml says of the messages. @throws UsageError with its place. */
export function messageForm(project: Project): MessageForm {
  const checked = form.safeParse(project.vars.stream);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const path = [
      'vars',
      'stream',
      ...(issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part))),
    ];
    const place = project.settingsFile.place(project.vars.stream === undefined ? ['vars'] : path);
    throw new UsageError({
      what:
        project.vars.stream === undefined
          ? 'vars.stream does not say what the messages are'
          : `${path.join('.')}: ${issue?.message ?? 'it makes no sense'}`,
      where: `${place.file}:${place.line}`,
      hint: 'Write in project.yml, e.g., stream: { topics: [iot.co2], zone: Europe/Zurich, time: ts, partition_by: [room], numbers: [value] }.',
    });
  }
  const { topics, zone, time, partition_by, numbers } = checked.data;
  const columns = [...partition_by, `${time}_unix`, ...numbers];
  const twice = columns.find((name, at) => ownColumns.includes(name) || columns.indexOf(name) !== at);
  if (twice !== undefined) {
    const place = project.settingsFile.place(['vars', 'stream']);
    throw new UsageError({
      what: `vars.stream gives the column ${twice} of Bronze two meanings`,
      where: `${place.file}:${place.line}`,
      hint: `A field stands in partition_by or in numbers, and none is called ${ownColumns.join(', ')}.`,
    });
  }
  return { topics, zone, time, partitionBy: partition_by, numbers };
}
