/** What can be granted on tables and views; `maintain` from PostgreSQL 17 on. */
export const privileges = [
  'select',
  'insert',
  'update',
  'delete',
  'truncate',
  'references',
  'trigger',
  'maintain',
] as const;
export type Privilege = (typeof privileges)[number];
