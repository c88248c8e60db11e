import { showKept } from '../../runner/data-test/audit-failure.ts';
import { thousands } from '../../runner/text/figures.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inWords } from '../watch/timing.ts';
import type { Status } from './status.ts';

/** Shows the whole of it to a person: what needs one comes last, where it is read first. */
export function printStatus(found: Status, terminal: Terminal): void {
  const section = (title: string, rows: readonly Readonly<Record<string, unknown>>[], whenEmpty: string) => {
    if (rows.length === 0 && whenEmpty === '') return;
    terminal.say(title, 'faint');
    const first = rows[0];
    if (first === undefined) terminal.say(whenEmpty);
    else
      terminal.output(
        formatTable(
          Object.keys(first),
          rows.map((row) => Object.values(row)),
        ),
      );
    terminal.output('');
  };
  section(
    'Sources',
    found.sources.map(({ source, loads, files, rejected, newest, lastLoad, lastSuccess, failures }) => ({
      source,
      loads: thousands(loads),
      files: thousands(files),
      rejected: thousands(rejected),
      newest_utc: minute(newest),
      last_load_utc: minute(lastLoad),
      last_success_utc: minute(lastSuccess),
      failures,
    })),
    'Nothing has been loaded yet: datacycle load',
  );
  section(
    'Topics',
    found.streams.map(({ topic, log, partitions, landed, lag, planned, seenAt }) => ({
      topic,
      log,
      partitions,
      landed: thousands(landed),
      lag: thousands(lag),
      being_landed: planned === 0 ? '' : `${planned} of ${partitions}`,
      seen_utc: minute(seenAt),
    })),
    '',
  );
  const rate = found.streams[0]?.perSecond ?? null;
  if (rate !== null) {
    terminal.say(`Messages were landed at ${thousands(Math.round(rate))} a second in the last ten minutes of loading.`);
    terminal.output('');
  }
  const { publishing } = found;
  section(
    'Sensor files sent',
    publishing === null
      ? []
      : [
          {
            topic: publishing.topic,
            sent: thousands(publishing.published),
            too_long: thousands(publishing.leftOut),
            last_sent_utc: minute(publishing.lastPublished),
            waiting: thousands(publishing.waiting),
            waiting_since_utc: minute(publishing.waitingSince),
          },
        ],
    '',
  );
  section(
    'Exports',
    found.exports.map(({ name, destination, files, rows, succeededAt, failures }) => ({
      export: name,
      to: destination ?? '',
      files: files === null ? '' : thousands(files),
      rows: rows === null ? '' : thousands(rows),
      last_success_utc: minute(succeededAt),
      failures,
    })),
    '',
  );
  section(
    'Freshness',
    found.freshness
      .filter(({ level }) => level !== 'unused')
      .map(({ name, level, newest, ageSeconds, warnAfterSeconds, errorAfterSeconds, message }) => ({
        name,
        state: level,
        newest_utc: minute(newest),
        age: words(ageSeconds),
        warn_after: words(warnAfterSeconds),
        error_after: words(errorAfterSeconds),
        ...(message === null ? {} : { message }),
      })),
    '',
  );
  section(
    'Predictions',
    found.champions.map(({ target, horizon, name, trainedTo, ageSeconds, skill, predictedFrom }) => ({
      target,
      horizon,
      champion: name,
      trained_to_utc: minute(trainedTo),
      age: words(ageSeconds),
      skill: skill === null ? '' : `${(100 * skill).toFixed(1)} %`,
      predicted_from_utc: minute(predictedFrom),
    })),
    '',
  );
  section(
    'Rejected files by reason',
    found.rejected.counts.map((row) => ({ ...row, files: thousands(row.files) })),
    '',
  );
  section(
    'Rejected last',
    found.rejected.newest.map((row) => ({ ...row })),
    '',
  );
  section(
    'Tables',
    found.tables.map(({ name, rows, estimated, bytes, builtAt }) => ({
      name,
      rows: rows === null ? '' : `${estimated ? '~' : ''}${thousands(rows)}`,
      size: size(bytes),
      built_utc: minute(builtAt),
    })),
    'The project has no tables.',
  );
  section(
    'Audits that hold their models back',
    found.audits.map(({ model, test, at, badRows, kept }) => ({
      model,
      audit: test,
      bad_rows: thousands(badRows),
      kept: thousands(kept),
      at_utc: minute(at),
    })),
    '',
  );
  const [audit] = found.audits;
  if (audit !== undefined) {
    terminal.say(`See the bad rows with: ${showKept(audit.test)}`);
    terminal.output('');
  }
  section(
    'Data tests that warn',
    found.warnings.map(({ node, message }) => ({ test: node, found: message })),
    '',
  );
  const [warning] = found.warnings;
  if (warning !== undefined) {
    terminal.say(`See the rows with: datacycle show --limit -1 --select ${warning.node}`);
    terminal.output('');
  }
  const { disk } = found;
  section(
    'Disk',
    [
      ...disk.bronze.map(({ source, files, bytes }) => ({
        what: `Bronze, ${source}`,
        size: size(bytes),
        files: thousands(files),
      })),
      { what: `free at ${disk.bronzeFolder}`, size: size(disk.freeBytes), files: '' },
      { what: 'database', size: size(disk.databaseBytes), files: '' },
    ],
    '',
  );
  section(
    'Last runs',
    found.runs.map(({ startedAt, ...run }) => ({ started_utc: startedAt.slice(0, 19).replace('T', ' '), ...run })),
    'Nothing has been built yet: datacycle build',
  );
  if (found.fullTests !== null) {
    const { at, failed } = found.fullTests;
    terminal.say(`Data tests were last run on all rows at ${minute(at)} UTC: ${failed ?? 'none failed'}.`);
  }
  terminal.say(found.watcher === null ? 'No watcher is at work (datacycle watch).' : `Watcher: ${found.watcher}`);
  terminal.output('');
  section(
    'Settings of another program',
    found.settings.map((row) => ({ ...row })),
    '',
  );
  section(
    'Needs a person',
    found.problems.map((row) => ({ ...row })),
    '',
  );
  if (found.problems.length === 0) terminal.say('Nothing needs a person.', 'good');
}

function minute(time: string | null): string {
  return time === null ? '' : time.slice(0, 16).replace('T', ' ');
}

function words(seconds: number | null): string {
  return seconds === null ? '' : inWords(seconds * 1000);
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

function size(bytes: number | null): string {
  if (bytes === null) return '';
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ''}`;
}
