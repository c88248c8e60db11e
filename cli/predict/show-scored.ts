import type { Redact } from '../terminal/redact.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { ScoringOutcome } from './scoring.ts';

/** Shows what `predict score` came to. @returns 1 if something has no model, or a predictor failed. */
export function showScored({ scored, asked }: ScoringOutcome, terminal: Terminal, redact: Redact): 0 | 1 {
  const failures = asked.filter(({ failure }) => failure !== undefined);
  if (terminal.json) terminal.event({ type: 'predictions', scored, predictors: asked });
  else {
    const others = asked.flatMap(({ predictor, answered }) =>
      answered.map((one) => [one.target, one.horizon, predictor, one.origin, one.records, stateOf(one)]),
    );
    const own = scored.map((one) => [one.use, one.horizon, one.model, one.origin, one.records, one.state]);
    terminal.say(formatTable(['target', 'horizon', 'model', 'origin', 'records', 'state'], [...others, ...own]));
    for (const { predictor, rejected, reasons } of asked) {
      if (rejected > 0)
        terminal.say(
          `${rejected} lines of the predictor ${predictor} are no predictions:\n  ${reasons.map(redact).join('\n  ')}`,
          'warning',
        );
    }
    if (lacksModel(asked, scored))
      terminal.say('Without a model nothing is predicted: `datacycle predict train` makes them.', 'warning');
    const early = scored
      .filter(({ isHindsight }) => isHindsight === true)
      .map(({ use, horizon }) => `${use}, ${horizon}`);
    if (early.length > 0)
      terminal.say(
        `The models have learnt from what came after these origins (${early.join('; ')}): their forecasts look better than they could have been. \`datacycle predict backtest --keep\` predicts the past by what was known then.`,
        'warning',
      );
    for (const { predictor, failure = '' } of failures)
      terminal.say(redact(`The predictor ${predictor} failed: ${failure}`), 'bad');
  }
  return failures.length > 0 || lacksModel(asked, scored) ? 1 : 0;
}

/** Whoever has predictors may do without models. */
function lacksModel(asked: ScoringOutcome['asked'], scored: ScoringOutcome['scored']): boolean {
  return asked.length === 0 && scored.some(({ state }) => state === 'no model');
}

function stateOf({ state, records, asked, leads }: ScoringOutcome['asked'][number]['answered'][number]): string {
  if (state === 'written' && records === 0 && asked > 0) return 'no answers';
  const lacks = records > 0 && records < asked ? `, ${asked - records} windows without an answer` : '';
  return `${state}${leads ? ', champion' : ''}${lacks}`;
}
