import { expect, it } from 'vitest';
import { showScored } from '../../../../cli/predict/show-scored.ts';
import { Terminal } from '../../../../cli/terminal/terminal.ts';

class Recorder extends Terminal {
  readonly said: string[] = [];
  override say(text: string): void {
    this.said.push(text);
  }
}

const origin = '2023-10-12T08:00:00.000Z';
const shown = (outcome: Parameters<typeof showScored>[0]) => {
  const terminal = new Recorder(false);
  return { code: showScored(outcome, terminal, (text) => text), said: terminal.said };
};

it('says what to do where there is no model', () => {
  const none = { use: 'occupied', horizon: 'day', origin, records: 0, state: 'no model' } as const;
  const { code, said } = shown({ scored: [none], asked: [] });
  expect([code, said.at(-1)]).toEqual([
    1,
    'Without a model nothing is predicted: `datacycle predict train` makes them.',
  ]);
});

it('warns where models have learnt from what came after the origin', () => {
  const written = { use: 'occupied', horizon: 'day', origin, records: 9, state: 'written', model: 'trees' } as const;
  expect(shown({ scored: [written], asked: [] }).said).toHaveLength(1);
  const { code, said } = shown({ scored: [{ ...written, isHindsight: true }], asked: [] });
  expect([code, said.at(-1)]).toEqual([0, expect.stringContaining('came after these origins (occupied, day)')]);
});

it('says of a predictor that it gave no answers', () => {
  const none = { predictor: 'mine', target: 'occupied', horizon: 'day', origin, asked: 9, records: 0 } as const;
  const answered = [{ ...none, state: 'written', leads: false } as const];
  const { said } = shown({ scored: [], asked: [{ predictor: 'mine', answered, rejected: 0, reasons: [] }] });
  expect(said[0]).toContain('no answers');
});
