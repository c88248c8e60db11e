import { useState } from 'preact/hooks';
import type { LogEntry, LogName } from '../../data/log.ts';
import { Scrolling, Shown } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';

const titles: Readonly<Record<LogName, string>> = { watch: 'The watcher', commands: 'Other commands' };
const tones = { info: 'plain', warning: 'warning', error: 'bad' } as const;

/** How often the log is read again, in milliseconds. */
const everyMs = 3000;

/** What the watcher and the commands write into LOG_DIR, as it goes on, the newest first. */
export function Logs() {
  const [of, setOf] = useState<LogName>('watch');
  const [words, setWords] = useState('');
  const [isTrouble, setTrouble] = useState(false);
  const found = useAnswer('log', { of }, everyMs);
  const isShown = ({ level, text }: LogEntry) =>
    (!isTrouble || level !== 'info') && text.toLowerCase().includes(words.toLowerCase());
  return (
    <section aria-label="Logs">
      <h2>Logs</h2>
      <p class="tools">
        <label>
          Of{' '}
          <select value={of} onChange={(event) => setOf(event.currentTarget.value as LogName)}>
            {Object.entries(titles).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          Only lines with <input value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        <label>
          <input type="checkbox" checked={isTrouble} onChange={(event) => setTrouble(event.currentTarget.checked)} />{' '}
          Warnings and errors only
        </label>
      </p>
      <Shown from={found}>
        {({ file, entries }) => {
          const lines = entries.filter(isShown).toReversed();
          return <LogLines file={file} lines={lines} />;
        }}
      </Shown>
    </section>
  );
}

/** Lines of a log as they are given. */
export function LogLines({ file, lines }: { file: string | null; lines: readonly LogEntry[] }) {
  if (file === null) return <p class="faint">Set LOG_DIR to a folder to see what is written there.</p>;
  if (lines.length === 0) return <p class="faint">No such line in {file}.</p>;
  return (
    <Scrolling label={`Lines of ${file}`}>
      <pre class="log">
        {lines.map(({ time, level, text }, index) => (
          <div key={`${time} ${String(index)}`} class={`line ${tones[level]}`}>
            <span class="faint">{time.slice(0, 19).replace('T', ' ')}</span> {text}
          </div>
        ))}
      </pre>
    </Scrolling>
  );
}
