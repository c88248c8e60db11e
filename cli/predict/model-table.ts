import type { Measured } from '../../predictions/measure.ts';
import type { Horizon, Use } from '../../predictions/settings.ts';
import { formatTable } from '../terminal/table.ts';
import { skillOf } from './champions.ts';

/** A model as it is listed. */
export interface Listed {
  readonly name: string;
  /** Not there where models are only compared. */
  readonly version?: string;
  readonly isChampion?: boolean;
  /** When the last window that it has learnt from had ended; ISO. */
  readonly trainedTo?: string;
  readonly evaluation: Pick<Measured, 'criterion' | 'auc' | 'rmse' | 'bias'> & { readonly rows?: number };
}

/**
 * The models of a target and horizon beside how wrong they were, the champion first and then the best, under a line that names it: 80 columns wide at most. Skill is how
 * much smaller the criterion is than that of the hour-of-week mean: above 0 the model is better.
 */
export function modelTable(use: Use, horizon: Horizon, models: readonly Listed[]): string {
  const champion = models.find(({ isChampion }) => isChampion);
  // A predictor is known from when it first answered; what it has learnt from is not.
  const isTrained = champion?.trainedTo !== undefined && champion.evaluation.criterion !== undefined;
  const learnt = !isTrained ? '' : `, which has learnt up to ${minuteOf(champion.trainedTo)}`;
  const title = `${use}, ${horizon}${champion === undefined ? '' : `: the champion is ${champion.name}${learnt}`}`;
  if (models.length === 0) return `${title}: nothing to compare`;
  const hasVersions = models.some(({ version }) => version !== undefined);
  const [figure, digits] = use === 'occupied' ? (['auc', 3] as const) : (['rmse', 2] as const);
  const rank = ({ isChampion, evaluation }: Listed) => (isChampion === true ? -1 : (evaluation.criterion ?? Infinity));
  const rows = [...models]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ name, version, evaluation }) => [
      name,
      ...(hasVersions ? [version] : []),
      evaluation.criterion?.toFixed(4),
      skillOf({ name, evaluation }, models)?.toFixed(3),
      evaluation[figure]?.toFixed(digits),
      evaluation.bias?.toFixed(3),
      evaluation.rows,
    ]);
  const columns = ['model', ...(hasVersions ? ['version'] : []), 'criterion', 'skill', figure, 'bias', 'windows'];
  return `${title}\n${formatTable(columns, rows)}\n`;
}

function minuteOf(time: string): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}
