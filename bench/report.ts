import type { Measured } from './measure.ts';
import { median } from './measure.ts';

/** What a person does, and the same work by hand in the same run. */
export interface Row {
  readonly what: string;
  /** Median, whole processes. */
  readonly seconds: number;
  readonly floor: string;
  readonly floorSeconds: number;
  readonly ratio: number;
  /** Largest resident set of any of the processes, in megabytes. */
  readonly memoryMb: number;
  readonly floorMemoryMb: number;
  readonly runs: number;
}

/** @param runs of the command; where it is two commands, their sum counts. */
export function row(what: string, runs: readonly Measured[], floor: string, floorRuns: readonly Measured[]): Row {
  const seconds = median(runs.map((run) => run.seconds));
  const floorSeconds = median(floorRuns.map((run) => run.seconds));
  return {
    what,
    seconds: rounded(seconds),
    floor,
    floorSeconds: rounded(floorSeconds),
    ratio: rounded(seconds / floorSeconds),
    memoryMb: Math.max(...runs.map((run) => run.memoryMb)),
    floorMemoryMb: Math.max(...floorRuns.map((run) => run.memoryMb)),
    runs: runs.length,
  };
}

/** Two processes after one another, as one. */
export function together(one: Measured, other: Measured): Measured {
  return {
    seconds: one.seconds + other.seconds,
    cpuSeconds: one.cpuSeconds + other.cpuSeconds,
    memoryMb: Math.max(one.memoryMb, other.memoryMb),
    output: `${one.output}${other.output}`,
  };
}

export function rounded(figure: number): number {
  return Math.round(figure * 1000) / 1000;
}

export const rowTitles = ['what', 'seconds', 'MB', 'floor', 'seconds', 'MB', 'ratio'];

export function rowCells(one: Row): string[] {
  return [
    one.what,
    one.seconds.toFixed(2),
    String(one.memoryMb),
    one.floor,
    one.floorSeconds.toFixed(2),
    String(one.floorMemoryMb),
    one.ratio.toFixed(2),
  ];
}
