// Makes a fresh clone runnable: installs what package-lock.json names when it is missing or older, and bundles the
// TypeScript into dist/ when a source is newer. Plain JavaScript because it runs before any dependency is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = [
  'api',
  'cli',
  'exporting',
  'learning',
  'loaders',
  'objects',
  'parquet',
  'powerbi',
  'predictions',
  'predictors',
  'runner',
  'ui',
  'warehouse',
];
const dist = join(root, 'dist');
const program = join(dist, 'datacycle.mjs');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Every start of the program looks at all of them, so no path is taken apart and put together again. */
function filesBelow(folder, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = folder + sep + entry.name;
    if (entry.isDirectory()) filesBelow(path, found);
    else found.push(path);
  }
  return found;
}

/** Whatever the program is built of. */
function inputs() {
  const others = [join(root, 'package-lock.json'), fileURLToPath(import.meta.url)];
  return [...sources.flatMap((name) => filesBelow(join(root, name))), ...others];
}

/** Runs npm in the project's root and returns its exit code. npm is a script on Windows, so the running one is preferred. */
export function runNpm(args) {
  const npm = process.env.npm_execpath;
  const run = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  return run.status;
}

function install() {
  // npm rewrites this file at the end of every install, so its age tells whether node_modules fits the lock file.
  const installed = modified(join(root, 'node_modules', '.package-lock.json'));
  if (installed !== 0 && installed >= modified(join(root, 'package-lock.json'))) return;
  process.stderr.write('Installing dependencies (npm ci) ...\n');
  if (runNpm(['ci']) !== 0)
    fail('npm ci failed: see its message above. Fix the cause, then run the same command again.');
}

/** What has files of its own beside its code, or is needed by some commands only; pg asks for pg-native and does without, as the client of Kafka does without protobufjs. */
const outside = [
  ...['@duckdb/node-api', '@electric-sql/pglite', 'esbuild', 'hyparquet', 'hyparquet-writer', 'libpg-query', 'mysql2'],
  ...['pg-native', 'protobufjs', 'ssh2'],
];

/** Handlebars writes source maps of templates if it finds the library for them. Nobody asks for them, and they take a tenth of compiling. */
const withoutSourceMaps = {
  name: 'without source maps',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^source-map$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: '' }));
  },
};

/**
 * The client of Kafka makes a function of code for each kind of options when it is loaded, which takes 0.2 s of the processor, though a
 * command needs three of forty: here each is made when it is asked for, of a description that is taken for a right one. And its WebAssembly is in its code, not in a file beside it.
 */
const kafkaClient = {
  name: 'client of Kafka',
  setup({ onLoad, onResolve, resolve: resolveFrom }) {
    onResolve({ filter: /^@platformatic\/wasm-utils$/ }, ({ path, ...from }) =>
      resolveFrom(`${path}/bundled`, { kind: from.kind, resolveDir: from.resolveDir }),
    );
    onLoad({ filter: /@platformatic[\\/]kafka[\\/]dist[\\/]utils\.js$/ }, ({ path }) => ({
      contents: `${readFileSync(path, 'utf8')}
ajv.opts.validateSchema = false;
const compileNow = ajv.compile.bind(ajv);
ajv.compile = (schema) => {
  let check;
  const whenAsked = (value) => {
    check ??= compileNow(schema);
    const fits = check(value);
    whenAsked.errors = check.errors;
    return fits;
  };
  return whenAsked;
};`,
    }));
  },
};

const options = {
  bundle: true,
  external: outside,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Dependencies in the older module format ask for Node's own modules by it.
  banner: {
    js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
  },
  // pg asks what it runs on, and where Node 20 has no answer it finds out by loading the whole of fetch, which takes 15 ms.
  define: { navigator: '{"userAgent":"Node.js"}' },
  plugins: [withoutSourceMaps, kafkaClient],
  logLevel: 'error',
};

/** A text that changes with whatever the program is built of: what an older program has kept is not for this one. */
function identity() {
  const hash = createHash('sha256');
  for (const path of inputs().sort()) hash.update(relative(root, path)).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

/** Writes a file whole or not at all, so that two processes may do it at once. */
function writeWhole(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}

/**
 * The program of the thread that trains models, as a text: it becomes part of whatever starts the thread (LEARNING_WORKER), so
 * that a process never starts a thread of another version. A thread that is started from a text is in the older module format.
 */
export async function learningWorker() {
  const { build } = await import('esbuild');
  const entry = { entryPoints: [join(root, 'learning', 'worker', 'worker.ts')], bundle: true, write: false };
  const target = { platform: 'node', format: 'cjs', target: 'node20', minifyWhitespace: true, logLevel: 'error' };
  return (await build({ ...entry, ...target })).outputFiles[0].text;
}

/** What the bundler puts in place of names. */
async function definitions() {
  return { ...options.define, LEARNING_WORKER: JSON.stringify(await learningWorker()) };
}

/** Bundles one TypeScript program with most of its dependencies: one file is read in half the time of hundreds. */
export async function bundle(entry, outfile) {
  const { build } = await import('esbuild');
  const define = await definitions();
  const result = await build({ ...options, define, entryPoints: [resolve(root, entry)], outfile, write: false });
  for (const { path, contents } of result.outputFiles) writeWhole(path, contents);
}

/** After so long nobody runs a program that was built before, in milliseconds. */
const outlived = 7 * 24 * 3_600_000;

/**
 * Bundles the program in chunks: a command loads its own only. A chunk's name holds the hash of its content, and the program,
 * which names them, is written last; a process that runs the program of before finds the chunks of before.
 */
async function bundleProgram() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...options,
    entryPoints: [resolve(root, 'cli/main.ts')],
    outdir: dist,
    entryNames: 'datacycle',
    // Node asks no package.json what kind of file it is.
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    define: { ...(await definitions()), DATACYCLE_BUILD: JSON.stringify(identity()) },
    write: false,
  });
  for (const { path, contents } of outputFiles) if (path !== program) writeWhole(path, contents);
  for (const { path, contents } of outputFiles) if (path === program) writeWhole(path, contents);
  const current = new Set(outputFiles.map(({ path }) => path));
  for (const name of readdirSync(join(dist, 'chunks'))) {
    const path = join(dist, 'chunks', name);
    if (!current.has(path) && modified(path) < Date.now() - outlived) rmSync(path, { force: true });
  }
}

/**
 * What the pages say in other languages: each text of ui/browser/captions and, of those that the report in Power BI has as well, the report's own
 * caption. @returns translations by language and English text.
 */
export async function pageCaptions() {
  const { parse } = await import('yaml');
  const read = (path) => parse(readFileSync(join(root, path), 'utf8'));
  const { texts } = await pageTexts();
  return Object.fromEntries(
    ['fr', 'es', 'ro', 'pt'].map((language) => {
      const all = { ...read(`powerbi/captions/${language}.yml`), ...read(`ui/browser/captions/${language}.yml`) };
      return [language, Object.fromEntries(texts.flatMap((text) => (text in all ? [[text, all[text]]] : [])))];
    }),
  );
}

/** The texts of the pages, as ui/browser/parts/texts.ts lists them. */
async function pageTexts() {
  const { transform } = await import('esbuild');
  const { code } = await transform(readFileSync(join(root, 'ui/browser/parts/texts.ts'), 'utf8'), { loader: 'ts' });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** The pages of `datacycle ui`: what runs in the browser, with all that it needs in two files. */
async function bundlePages() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { app: resolve(root, 'ui/browser/main.tsx') },
    outdir: join(dist, 'ui'),
    bundle: true,
    minify: true,
    platform: 'browser',
    // Browsers run no module of a page that is a file.
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { PAGE_CAPTIONS: JSON.stringify(await pageCaptions()) },
    logLevel: 'error',
    write: false,
  });
  for (const { path, contents } of outputFiles) writeWhole(path, contents);
  writeWhole(join(dist, 'ui', 'icon.svg'), readFileSync(join(root, 'ui', 'browser', 'icon.svg')));
}

/** In a folder of packages nobody edits the source. */
const isInstalled = root.split(sep).includes('node_modules');

async function buildIfStale(force) {
  const built = modified(program);
  const isStale = () => built === 0 || (!isInstalled && inputs().some((path) => modified(path) > built));
  if (!force && !isStale()) return;
  await bundlePages();
  await bundleProgram();
}

export async function prepare({ force = false } = {}) {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`datacycle needs Node 20 or newer; this is ${process.version} (${process.execPath}).`);
  install();
  try {
    await buildIfStale(force);
  } catch (error) {
    fail(`datacycle cannot be built into ${dirname(program)}: ${error.message}`);
  }
  return pathToFileURL(program).href;
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) {
  await prepare({ force: process.argv.includes('--build') });
}
