import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../../bin/setup.mjs';
import { pagesFolder } from '../../../cli/pages/ui.ts';
import type { Graph, GraphNode } from '../../../ui/data/graph.ts';
import { filePage } from '../../../ui/server/files.ts';
import { browserPath, launch, patienceMs } from './chromium.ts';

/** A project of a thousand models in layers, each of which reads up to three of the layers before. */
function largeGraph(): Graph {
  const node = (index: number): GraphNode => ({
    id: `model.m${index}`,
    name: `model_number_${index}`,
    kind: index < 60 ? 'source' : 'model',
    layer: 'gold',
    materialized: 'table',
    description: '',
    tags: [],
    subject: null,
    tests: [],
  });
  const nodes = Array.from({ length: 1000 }, (_, index) => node(index));
  // No chance in it: the same graph every time.
  const edges = nodes.flatMap((_, index) =>
    index < 60
      ? []
      : [...new Set([index - 57, index - 61 - (index % 7), Math.floor(index / 3)])]
          .filter((from) => from >= 0 && from < index)
          .map((from) => ({ from: `model.m${from}`, to: `model.m${index}` })),
  );
  return { nodes, edges, problem: null };
}

describe('a thousand models', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    await prepare();
    if (browserPath !== undefined) browser = await launch();
  });
  afterAll(() => browser?.close());

  it('the pages weigh less than 700 KB compressed', () => {
    const folder = pagesFolder();
    const bytes = readdirSync(folder).reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(700_000);
  });

  it.skipIf(browserPath === undefined)('are drawn soon, and moved smoothly', async () => {
    const about = { project: 'large', target: 'dev', database: '', isEmbedded: false, version: '', sources: [] };
    const answers = { about, graph: largeGraph(), columns: { lineage: {} }, nodes: {} };
    const page = await (browser as Browser).newPage({ viewport: { width: 1280, height: 860 } });
    page.setDefaultTimeout(patienceMs);
    // The thread's own time: what else the machine does is not in it.
    const inspector = await page.context().newCDPSession(page);
    await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.setContent(filePage(JSON.stringify(answers), pagesFolder()), { waitUntil: 'commit' });
    await page.locator('[data-id="model.m999"]').waitFor({ state: 'attached' });
    // What the browser itself measured, from the begin of the page to its drawing.
    const drawn = (await page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))))',
    )) as number;
    const { metrics } = await inspector.send('Performance.getMetrics');
    const busy = (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
    const frames = (await page.evaluate(`new Promise((resolve) => {
      const svg = document.querySelector('.canvas-frame');
      const times = [];
      const turn = () => {
        times.push(performance.now());
        if (times.length > 30) return resolve(times.slice(1).map((time, at) => time - times[at]).sort((a, b) => a - b));
        svg.dispatchEvent(new WheelEvent('wheel', { deltaY: times.length % 2 ? 120 : -120, clientX: 600, clientY: 400, cancelable: true }));
        requestAnimationFrame(turn);
      };
      requestAnimationFrame(turn);
    })`)) as number[];
    const median = frames[15] ?? 0;
    process.stderr.write(
      `1,000 models: drawn in ${Math.round(drawn)} ms, ${Math.round(busy)} ms of them at work, a frame of zooming takes ${Math.round(median)} ms\n`,
    );
    expect(await page.locator('.node').count()).toBe(1000);
    expect(busy).toBeGreaterThan(50);
    expect(busy).toBeLessThan(2000);
    expect(drawn).toBeLessThan(20_000);
    expect(median).toBeLessThan(150);
    await page.close();
  });
});
