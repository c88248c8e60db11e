#!/usr/bin/env node
import { prepare } from './setup.mjs';

// File reads over a network share wait rather than compute; libuv's default of four at a time would be the bottleneck.
process.env.UV_THREADPOOL_SIZE ??= '16';
const { main } = await import(await prepare());
await main(process.argv.slice(2));
