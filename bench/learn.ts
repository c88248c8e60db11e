import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatTable } from '../cli/terminal/table.ts';
import type { Matrix } from '../learning/data/matrix.ts';
import { randomOf } from '../learning/data/random.ts';
import { areaUnderCurve } from '../learning/measure/classification.ts';
import { explainedVariance } from '../learning/measure/regression.ts';
import { artefactText } from '../learning/model/artefact.ts';
import { score } from '../learning/model/score.ts';
import type { ModelSpec } from '../learning/model/spec.ts';
import { trainInThread } from '../learning/worker/training.ts';
import { median } from './measure.ts';

/*
 * What training and scoring cost, in a thread as the watcher does it: rows of an invented household, of which a fifth is not
 * learnt but predicted. BENCH_ROUNDS (3) times each; the median counts.
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly target: 'occupied' | 'power';
  readonly spec: ModelSpec;
}

const short = {
  kind: 'trees',
  rate: 0.1,
  leaves: 15,
  minRows: 40,
  lambda: 5,
  columnShare: 0.6,
  rowShare: 0.8,
} as const;
const rest = { ...short, loss: { name: 'l2' }, rounds: 120, rate: 0.05, minRows: 100, lambda: 20 } as const;
const cases: readonly Case[] = [
  {
    name: 'trees 300 x 31, 20,000 rows x 27',
    rows: 25_000,
    columns: 27,
    target: 'power',
    spec: { kind: 'trees', loss: { name: 'l2' }, rounds: 300, rate: 0.1, leaves: 31 },
  },
  {
    name: 'occupied: trees 200 x 15, 72,000 rows x 47',
    rows: 90_000,
    columns: 47,
    target: 'occupied',
    spec: { ...short, loss: { name: 'logistic' }, rounds: 200 },
  },
  {
    name: 'occupied: logistic regression, 72,000 rows x 47',
    rows: 90_000,
    columns: 47,
    target: 'occupied',
    spec: { kind: 'logistic', lambda: 3, categories: ['hour', 'room'] },
  },
  {
    name: 'power: ridge by room and trees 120 x 15, 120,000 rows x 40',
    rows: 150_000,
    columns: 40,
    target: 'power',
    spec: { kind: 'residual', base: { kind: 'ridge', lambda: 30, by: 'room' }, trees: rest },
  },
];

/** Rows in the order of time: hour, room, habit and weather say something, the other columns are noise around them. */
function household(rows: number, columns: number) {
  const random = randomOf(7);
  const noise = () => random.next() + random.next() + random.next() - 1.5;
  const names = ['hour', 'room', 'habit', 'temperature', ...Array.from({ length: columns - 4 }, (_, at) => `x${at}`)];
  const values = names.map(() => new Float64Array(rows));
  const [occupied, power] = [new Float64Array(rows), new Float64Array(rows)];
  for (let row = 0; row < rows; row += 1) {
    const [hour, room] = [Math.floor(row / 12) % 24, row % 12];
    const habit = (hour >= 7 && hour < 9) || hour >= 17 ? 0.7 : 0.15;
    const temperature = 12 + 6 * noise();
    [hour, room, habit + noise() / 5, temperature].forEach((value, at) => {
      (values[at] as Float64Array)[row] = value;
    });
    for (let at = 4; at < columns; at += 1)
      (values[at] as Float64Array)[row] = random.next() < 0.02 ? Number.NaN : noise() + (at % 5 === 0 ? habit : 0);
    occupied[row] = Number(random.next() < habit * (room % 3 === 0 ? 1 : 0.4));
    power[row] = 100 + 40 * room + 15 * Math.max(0, 15 - temperature) + 150 * (occupied[row] as number) + 60 * noise();
  }
  return { matrix: { columns: names, rows, values } satisfies Matrix, occupied, power };
}

function part(matrix: Matrix, from: number, to: number): Matrix {
  const keys = [Float64Array.from({ length: to - from }, (_, at) => from + at)];
  return { columns: matrix.columns, rows: to - from, values: matrix.values.map((one) => one.slice(from, to)), keys };
}

async function measured({ name, rows, columns, target, spec }: Case) {
  const made = household(rows, columns);
  const learnt = Math.floor(rows * 0.8);
  const job = { spec, matrix: part(made.matrix, 0, learnt), target: made[target].slice(0, learnt) };
  const unseen = part(made.matrix, learnt, rows);
  const seconds: number[] = [];
  const cpu: number[] = [];
  const scoring: number[] = [];
  const texts = new Set<string>();
  let quality: number | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const [began, spent] = [performance.now(), cpuSeconds()];
    const { artefact } = await trainInThread(job);
    seconds.push((performance.now() - began) / 1000);
    cpu.push(cpuSeconds() - spent);
    const trained = cpuSeconds();
    const predictions = score(artefact, unseen);
    scoring.push((1e6 * (cpuSeconds() - trained)) / unseen.rows);
    texts.add(artefactText(artefact));
    const measure = target === 'occupied' ? areaUnderCurve : explainedVariance;
    quality = measure(predictions, made[target].slice(learnt));
  }
  if (texts.size !== 1) throw new Error(`${name}: the same rows gave ${texts.size} different models`);
  return {
    name,
    train_seconds: Math.round(median(seconds) * 100) / 100,
    train_cpu_seconds: Math.round(median(cpu) * 100) / 100,
    score_cpu_ms_per_1000_rows: Math.round(median(scoring) * 100) / 100,
    model_kb: Math.round([...texts].join('').length / 1000),
    [target === 'occupied' ? 'auc' : 'r2']: Math.round((quality ?? 0) * 1000) / 1000,
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Of all threads of this process. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const figures: Awaited<ReturnType<typeof measured>>[] = [];
for (const one of cases) {
  figures.push(await measured(one));
  const shown = Object.entries(figures.at(-1) ?? {});
  process.stdout.write(`${formatTable(['figure', 'value'], shown)}\n`);
}
mkdirSync('target', { recursive: true });
writeFileSync(join('target', 'bench-learn.json'), `${JSON.stringify(figures, null, 2)}\n`);
