/** What the schema has for the predictions that the program makes itself. */
export const predictionTables: readonly string[] = [
  `create table staging.model (
        model_id bigint generated always as identity primary key,
        target text not null,
        horizon text not null,
        name text not null,
        version text not null,
        is_baseline boolean not null,
        trained_from timestamptz not null,
        trained_to timestamptz not null,
        rows bigint not null,
        apartments text[] not null,
        evaluation jsonb not null,
        content jsonb not null,
        chosen_at timestamptz,
        unique (target, horizon, name, version)
    )`,
  `comment on table staging.model is 'One row for each version of each model that predicts a target at a horizon, baselines included'`,
  `comment on column staging.model.apartments is 'Whose data it has learnt from: an erasure of one of them deletes it'`,
  `comment on column staging.model.evaluation is 'How wrong it was on windows after all that it had learnt from'`,
  `comment on column staging.model.content is 'The artefact, and what else scoring needs'`,
  `comment on column staging.model.chosen_at is 'When it became the champion; of a target and horizon the one chosen last is'`,
  `create table staging.prediction_run (
        target text not null,
        horizon text not null,
        origin timestamptz not null,
        name text not null,
        version text not null,
        records bigint not null,
        primary key (target, horizon, origin)
    )`,
  `comment on table staging.prediction_run is 'What has been predicted, written in the transaction of its records: no origin is predicted from twice'`,
  `comment on column staging.prediction_run.origin is 'The quarter that had just ended'`,
];

/** What the schema has for predictors, programs of others that predict. */
export const predictorTables: readonly string[] = [
  `create table staging.predictor_run (
        predictor text not null,
        target text not null,
        horizon text not null,
        origin timestamptz not null,
        leads boolean not null,
        records bigint not null,
        primary key (predictor, target, horizon, origin)
    )`,
  `comment on table staging.predictor_run is 'What predictors have answered, written in the transaction of its records: no origin is asked about again'`,
  `comment on column staging.predictor_run.leads is 'Whether it predicted as the champion'`,
];

/** What an insert into a view of gold becomes: a record of staging.prediction, by the rights of whoever inserts. */
const writer = (name: string, target: string, value: string) => `create function staging.${name}() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $body$
    begin
        insert into staging.prediction (record)
        values (jsonb_build_object(
            'model', jsonb_build_object('name', new.model_name),
            'target', '${target}',
            'apartment', new.apartment,
            'room', new.room,
            'timestamp', to_char(new.timestamp_rounded, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'value', ${value}
        ));
        return new;
    end
    $body$`;

/** By which a workflow goes on appending to the tables that it used to have, which are views now. */
export const predictionWriters: readonly string[] = [
  writer('write_motion_prediction', 'presence', 'new.predicted_occupied'),
  writer('write_consumption_prediction', 'consumption', 'coalesce(new.predicted_consumption, new.predicted_power_w)'),
];
