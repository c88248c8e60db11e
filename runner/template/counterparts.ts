/** Functions of dbt that are called the same way here, by the name that they have here. */
export const functionsHere: ReadonlyMap<string, string> = new Map([
  ['ref', 'ref'],
  ['source', 'source'],
  ['var', 'var'],
  ['env_var', 'env'],
  ['doc', 'doc'],
  ['config', 'config'],
  ['log', 'log'],
  ['return', 'return'],
  ['exceptions.raise_compiler_error', 'raise_compiler_error'],
  ['exceptions.warn', 'warn'],
]);

/** The counterparts of Jinja's `loop`, by key. */
export const loopHere: ReadonlyMap<string, string> = new Map([
  ['last', '@last'],
  ['first', '@first'],
  ['index0', '@index'],
]);

/** The helpers that stand for signs. */
export const signsHere: ReadonlyMap<string, string> = new Map([
  ['==', 'eq'],
  ['!=', 'ne'],
  ['in', 'in'],
  ['not', 'not'],
  ['and', 'and'],
  ['or', 'or'],
  ['is none', 'not'],
]);

/** Hints for names that have another form here, by the form that was typed. */
export const otherForms = {
  env_var: 'Write {{env "NAME"}} or {{env "NAME" "default"}}.',
  is_incremental: 'Write {{#incremental}} ... {{/incremental}}.',
  run_query: 'Compiling needs no database: read it in SQL by a join, or put the values into a seed or a variable.',
} as const;
