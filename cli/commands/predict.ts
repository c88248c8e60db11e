import { type Backtested, type BacktestRequest, backtest } from '../../predictions/backtest.ts';
import { dayMs, type FeatureRelations } from '../../predictions/examples.ts';
import { type Explained, explainForecasts } from '../../predictions/explain.ts';
import type { LeftOut } from '../../predictions/left-out.ts';
import { hasModels, newestModels, promote } from '../../predictions/models.ts';
import { newestTime } from '../../predictions/origin.ts';
import { horizons, type PredictionSettings, predictionSettings, uses } from '../../predictions/settings.ts';
import { type Trained, trainModels } from '../../predictions/train.ts';
import { type PredictorSettings, predictorSettings } from '../../predictors/predictor-settings.ts';
import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { actionOf, oneOf, type PredictFlags, stepOf, timeOf } from '../predict/asked.ts';
import { modelTable } from '../predict/model-table.ts';
import { featureRelations } from '../predict/relations.ts';
import { scoreAll } from '../predict/scoring.ts';
import { showScored } from '../predict/show-scored.ts';
import { openForModels } from '../settings/environment.ts';
import { apartmentsOf } from '../settings/settings.ts';
import { projectRedactor } from '../terminal/journal.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Trains, predicts, compares over history, lists models, makes one the champion, or says why it predicts what it predicts. @throws UsageError */
export async function predict(
  project: Project,
  [word = '', ...names]: readonly string[],
  flags: PredictFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const action = actionOf(word, names, flags);
  const settings = predictionSettings(project.vars.predictions);
  const compiled = await compiledProject(project);
  const relations = featureRelations(compiled);
  const chosen = oneOf('--use', flags.use === undefined ? [...uses] : [flags.use], uses);
  const ahead = oneOf('--horizon', flags.horizon ?? [...horizons], horizons);
  warnOfExcluded(project, settings, terminal);
  const at = timeOf('--at', flags.at);
  const asOf = timeOf('--as-of', flags.asOf);
  const warehouse = await openForModels(project, `predict ${action}`, 1, signal);
  try {
    switch (action) {
      case 'train':
        return await train(warehouse, { relations, settings, uses: chosen, asOf, signal }, terminal);
      case 'score': {
        const predictors = predictorSettings(project.vars.predictions);
        const { root: folder, env } = project;
        const redact = projectRedactor(project);
        const onError = (name: string, line: string) => terminal.say(redact(`predictor ${name}: ${line}`), 'warning');
        const request = { relations, settings, predictors, folder, env, horizons: ahead, at, signal, onError };
        return showScored(await scoreAll(warehouse, request), terminal, redact);
      }
      case 'models': {
        const models = (await hasModels(warehouse)) ? await newestModels(warehouse) : [];
        if (terminal.json) terminal.event({ type: 'models', models });
        else if (models.length === 0) terminal.say('There are no models yet. `datacycle predict train` makes them.');
        else
          for (const use of uses)
            for (const horizon of horizons) {
              const some = models.filter((one) => one.target === use && one.horizon === horizon);
              if (some.length > 0) terminal.say(modelTable(use, horizon, some));
            }
        return 0;
      }
      case 'backtest': {
        const range = { from: timeOf('--from', flags.from), to: timeOf('--to', flags.to), stepMs: stepOf(flags.step) };
        return await compareOverHistory(
          warehouse,
          { relations, settings, uses: chosen, horizons: ahead, keeps: flags.keep === true, signal },
          range,
          flags.output ?? 'table',
          terminal,
        );
      }
      case 'explain':
        return await explainOne(warehouse, relations, settings, names, at, terminal);
      case 'promote':
        return await promoteOne(warehouse, names, predictorSettings(project.vars.predictions), terminal);
      default:
        return action satisfies never;
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw new DatacycleError({
      what: `predict ${action} was interrupted; what it had stored stays`,
      hint: 'Run it again.',
    });
  } finally {
    await warehouse.close();
  }
}

/** Who objects and is misspelt would be predicted as before. */
function warnOfExcluded(project: Project, { exclude }: PredictionSettings, terminal: Terminal): void {
  if (exclude.length === 0) return;
  const known = apartmentsOf(project).map(({ id }) => id);
  for (const name of exclude.filter((one) => !known.includes(one)))
    terminal.say(
      `predictions.exclude names "${name}", and vars.apartments has no such id. ${didYouMean(name, known) ?? ''}`.trim(),
      'warning',
    );
}

async function train(
  warehouse: Warehouse,
  request: Omit<Parameters<typeof trainModels>[1], 'onTrained' | 'onLeftOut'>,
  terminal: Terminal,
): Promise<0 | 1> {
  const onTrained = ({ use, horizon, models, refused = {}, tooShort }: Trained) => {
    if (terminal.json) terminal.event({ type: 'trained', use, horizon, models, refused, tooShort });
    else if (tooShort !== undefined) terminal.say(`${use}, ${horizon}: nothing to learn from yet (${tooShort})`);
    else {
      terminal.say(modelTable(use, horizon, models));
      for (const [name, why] of Object.entries(refused)) terminal.say(`${name} is not the champion: ${why}.`);
    }
  };
  const said = new Set<string>();
  const onLeftOut = (leftOut: LeftOut) => {
    for (const text of textsOf(leftOut).filter((one) => !said.has(one))) {
      said.add(text);
      if (terminal.json) terminal.event({ type: 'notice', text });
      else terminal.say(text);
    }
  };
  const trained = await trainModels(warehouse, { ...request, onTrained, onLeftOut });
  if (!trained.some(({ models }) => models.length > 0)) return 1;
  await warnOfPast(warehouse, request, terminal);
  return 0;
}

/** Models of the past predict from now on, too. */
async function warnOfPast(
  warehouse: Warehouse,
  { relations, asOf }: { readonly relations: FeatureRelations; readonly asOf?: Date | undefined },
  terminal: Terminal,
): Promise<void> {
  if (asOf === undefined || asOf.getTime() >= (await newestTime(warehouse, relations, undefined))) return;
  terminal.notice(
    `These models know nothing of what came after ${asOf.toISOString()}, and are those that predict now, until the next training: \`datacycle predict train\` without --as-of learns from everything.`,
  );
}

/** What training does without, in words. */
function textsOf({ use, rooms, missing, withoutWeather }: LeftOut): readonly string[] {
  const list = `predictions.${use}.rooms`;
  return [
    ...missing.map((room) =>
      `${list} names "${room}", of which there are no readings. ${didYouMean(room, rooms) ?? ''}`.trim(),
    ),
    ...(rooms.length > 0 ? [`${use}: not predicted are ${rooms.join(', ')}, since ${list} does not name them.`] : []),
    ...(withoutWeather.length > 0
      ? [
          `There is no weather forecast for ${withoutWeather.join(', ')}, by weather_site of vars.apartments: models learn and predict without.`,
        ]
      : []),
  ];
}

async function promoteOne(
  warehouse: Warehouse,
  names: readonly string[],
  predictors: readonly PredictorSettings[],
  terminal: Terminal,
): Promise<0 | 1> {
  const [target, horizon, name] = names;
  const isPredictor = predictors.some((one) => one.name === name);
  if (target === undefined || horizon === undefined || name === undefined)
    throw new UsageError({
      what: 'predict promote takes a target, a horizon and a model',
      hint: 'As in datacycle predict promote occupied day hour-of-week; `datacycle predict models` lists them.',
    });
  oneOf('the target', [target], uses);
  oneOf('the horizon', [horizon], horizons);
  if (!(await hasModels(warehouse)) || !(await promote(warehouse, target, horizon, name, new Date())))
    throw new UsageError({
      what: `there is no model ${name} of ${target} at the horizon ${horizon}`,
      hint: '`datacycle predict models` lists them.',
    });
  // Training chooses among models that it has trained.
  const until = isPredictor ? 'another model is promoted' : 'the next training';
  const text = `${name} is the champion of ${target}, ${horizon}, until ${until}.`;
  if (terminal.json) terminal.event({ type: 'notice', text });
  else terminal.say(text);
  return 0;
}

async function compareOverHistory(
  warehouse: Warehouse,
  request: Omit<BacktestRequest, 'from' | 'to' | 'stepMs'>,
  range: { readonly from: Date | undefined; readonly to: Date | undefined; readonly stepMs: number },
  output: string,
  terminal: Terminal,
): Promise<0 | 1> {
  const end = range.to ?? new Date(await newestTime(warehouse, request.relations, undefined));
  const from = range.from ?? new Date(end.getTime() - 28 * dayMs);
  if (from >= end)
    throw new UsageError({ what: '--from is not before --to', hint: 'Both are times like 2023-10-12T00:00:00Z.' });
  const onDone = ({ use, horizon, models }: Backtested) => {
    if (output === 'table' && !terminal.json) terminal.say(modelTable(use, horizon, models));
    else if (output === 'csv')
      for (const { name, evaluation } of models) {
        const { criterion, auc, ece, rmse, mae, bias, rows: windows } = evaluation;
        terminal.output([use, horizon, name, criterion, auc, ece, rmse, mae, bias, windows].join(','));
      }
  };
  if (output === 'csv') terminal.output('target,horizon,model,criterion,auc,ece,rmse,mae,bias,windows');
  const done = await backtest(warehouse, { ...request, from, to: end, stepMs: range.stepMs, onDone });
  const kept = done.reduce((sum, one) => sum + one.kept, 0);
  if (kept > 0 && output === 'table' && !terminal.json)
    terminal.say(`${thousands(kept)} forecasts are kept: the next datacycle build evaluates them.`);
  if (terminal.json) terminal.event({ type: 'backtest', from: from.toISOString(), to: end.toISOString(), done });
  else if (output === 'json') terminal.output(JSON.stringify(done, undefined, 2));
  if (done.some(({ models }) => models.length > 0)) return 0;
  terminal.say(
    'No window between --from and --to has been measured and had readings before it to learn from.',
    'warning',
  );
  return 1;
}

async function explainOne(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
  [target, horizon = 'quarter', room]: readonly string[],
  at: Date | undefined,
  terminal: Terminal,
): Promise<0> {
  if (target === undefined)
    throw new UsageError({
      what: 'predict explain takes a target, a horizon and, if you like, a room',
      hint: 'As in datacycle predict explain occupied quarter jimmy/Office.',
    });
  const [use = 'occupied'] = oneOf('the target', [target], uses);
  const [ahead = 'quarter'] = oneOf('the horizon', [horizon], horizons);
  const { model, predictor, forecasts: all } = await explainForecasts(warehouse, relations, settings, use, ahead, at);
  if (predictor !== undefined)
    terminal.say(
      `The champion of ${use}, ${ahead} is the predictor ${predictor}, which does not say why. Explained is ${model}, the best of the own models: it predicts where ${predictor} does not answer.`,
      'warning',
    );
  const nameOf = (one: Explained) => `${one.apartment}/${one.room}`;
  const found = all.filter((one) => room === undefined || nameOf(one) === room);
  if (room !== undefined && found.length === 0 && all.length > 0)
    throw new UsageError({
      what: `${model} predicts nothing of "${room}"`,
      hint: didYouMean(room, all.map(nameOf)) ?? '`datacycle predict explain` without a room shows all.',
    });
  if (terminal.json)
    terminal.event({ type: 'explanations', target: use, horizon: ahead, model, predictor, explanations: found });
  else if (found.length === 0) terminal.say('Nothing is predicted for any room.');
  else
    terminal.say(
      formatTable(
        ['room', 'window', 'predicted', 'because of', 'which is', use === 'occupied' ? 'adds (log odds)' : 'adds (W)'],
        found.flatMap(({ apartment, room: name, window, explanation: { prediction, contributions } }) =>
          contributions
            .slice(0, 5)
            .map(({ column, value, contribution }, place) => [
              ...(place === 0 ? [`${apartment}/${name}`, window, short(prediction)] : ['', '', '']),
              column,
              Number.isNaN(value) ? 'missing' : Number(value.toPrecision(4)),
              `${contribution > 0 ? '+' : ''}${short(contribution)}`,
            ]),
        ),
      ),
    );
  return 0;
}

/** Three digits: 1350 W, not 1.35e+3. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
