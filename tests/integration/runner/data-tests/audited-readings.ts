import { newLoads } from '../../project-on.ts';

export const sources = 'sources: [{ name: raw, tables: [{ name: events }] }]';
export const readings = `{{config materialized="incremental" unique_key="id"}}
select id, room, value, load_id from {{source "raw" "events"}} ${newLoads}`;
export const below = (config: string) => `{{config ${config}}}select id, value from {{ref "readings"}} where value < 0`;
