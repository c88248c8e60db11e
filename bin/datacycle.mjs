#!/usr/bin/env node
import module from 'node:module';
import { join } from 'node:path';
import { prepare, root } from './setup.mjs';

// File reads over a network share wait rather than compute; libuv's default of four at a time would be the bottleneck.
process.env.UV_THREADPOOL_SIZE ??= '20';
// Node 22 keeps what it compiled; before it, this is not there.
module.enableCompileCache?.(join(root, 'dist', 'node'));
const { main } = await import(await prepare());
await main(process.argv.slice(2));
