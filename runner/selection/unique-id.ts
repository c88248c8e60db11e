import { nameInId } from '../manifest/node-id.ts';
import type { Selectable } from './selectable.ts';

/** The id of a node by which dbt's artifacts would know it: `model.shop.orders`, `source.shop.raw.orders`. */
export function uniqueId({ id, type, project }: Pick<Selectable, 'id' | 'type' | 'project'>): string {
  return `${type}.${project}.${nameInId(id)}`;
}
