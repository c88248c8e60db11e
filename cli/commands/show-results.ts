import type { FreshlyCompiled } from '../../runner/compile/compile.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Insight } from '../demo/insights.ts';
import { tableOf } from '../looking/show.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Shows what a demo has built: its tables and their rows, then the answers of its insights. */
export async function showResults(
  warehouse: Warehouse,
  compiled: FreshlyCompiled,
  insights: readonly Insight[],
  terminal: Terminal,
): Promise<void> {
  const rows = [];
  const views = new Set(compiled.exposures.map((exposure) => exposure.id));
  for (const id of compiled.manifest.order) {
    const node = compiled.manifest.nodes.get(id);
    // The views of schema bi show the tables of gold once more.
    if (node?.kind !== 'model' || node.materialized === 'ephemeral' || views.has(id)) continue;
    const inline = `select count(*) from {{ref "${node.name}"}}`;
    const counted = await tableOf(warehouse, compiled, inline);
    rows.push([
      `${node.relation.schema}.${node.name}`,
      Number(counted.split('\n')[2]),
      node.description.split(/(?<=\.)\s/)[0] ?? '',
    ]);
  }
  terminal.say('\n4. What was built', 'faint');
  terminal.output(formatTable(['table', 'rows', 'what it is'], rows));
  if (views.size > 0) terminal.say(`and ${views.size} views of gold for Power BI in schema bi`, 'faint');
  for (const { title, sql } of insights) {
    terminal.say(`\n${title}`, 'faint');
    terminal.output(await tableOf(warehouse, compiled, sql));
  }
}
