import type { FeatureRelations } from '../../predictions/examples.ts';
import { type Scored, scoreDue } from '../../predictions/score.ts';
import type { Horizon, PredictionSettings } from '../../predictions/settings.ts';
import { type AskOutcome, askPredictor } from '../../predictors/ask.ts';
import type { PredictorSettings } from '../../predictors/predictor-settings.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** What all that predicts needs. */
export interface ScoringRequest {
  readonly relations: FeatureRelations;
  readonly settings: PredictionSettings;
  readonly predictors: readonly PredictorSettings[];
  /** The root of the project, in which predictors work, and the environment of this process. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly horizons: readonly Horizon[];
  /** Those that predictors are asked for, where they are others: what they have answered before is not asked again. */
  readonly predictorHorizons?: readonly Horizon[] | undefined;
  readonly at?: Date | undefined;
  readonly signal: AbortSignal;
  /** Called with what a predictor writes to its standard error. */
  readonly onError: (predictor: string, line: string) => void;
}

/** What became of all that predicts. */
export interface ScoringOutcome {
  /** The program's own models. */
  readonly scored: readonly Scored[];
  readonly asked: readonly (AskOutcome & { readonly predictor: string })[];
}

/**
 * Predicts what is due: first the predictors, one after the other, then the program's own models, which compete only where a predictor is
 * the champion and has answered everything. A predictor that fails keeps nothing else from predicting.
 * @throws what the database throws, or a model.
 */
export async function scoreAll(warehouse: Warehouse, request: ScoringRequest): Promise<ScoringOutcome> {
  const { relations, settings, predictors, folder, env, horizons, at, signal, onError } = request;
  const asked: (AskOutcome & { readonly predictor: string })[] = [];
  for (const predictor of predictors) {
    const { name } = predictor;
    const outcome = await askPredictor(warehouse, {
      relations,
      settings,
      predictor,
      horizons: request.predictorHorizons ?? horizons,
      at,
      folder,
      env: environmentOf(env),
      signal,
      onError: (line) => onError(name, line),
    });
    asked.push({ ...outcome, predictor: name });
  }
  const leading = asked.flatMap(({ answered }) => answered.filter(({ leads }) => leads));
  const led = new Set(leading.map(({ target, horizon }) => `${target}/${horizon}`));
  return { scored: await scoreDue(warehouse, { relations, settings, horizons, at, led }), asked };
}

/** Variables that interpreters need to start and find their packages. All others, secrets among them, stay with this program. */
const passedOn = new Set([
  ...['PATH', 'PATHEXT', 'SYSTEMROOT', 'WINDIR', 'COMSPEC', 'TEMP', 'TMP', 'TMPDIR', 'HOME', 'USERPROFILE', 'APPDATA'],
  ...['LOCALAPPDATA', 'LANG', 'LC_ALL', 'TZ', 'VIRTUAL_ENV', 'CONDA_PREFIX', 'PYTHONPATH', 'PYTHONHOME', 'R_HOME'],
  ...['R_LIBS', 'R_LIBS_USER', 'JAVA_HOME', 'NODE_PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
]);

/** The environment of a predictor. */
export function environmentOf(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const all = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && passedOn.has(name.toUpperCase()) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(all);
}
