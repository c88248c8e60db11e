import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { freePort } from './free-port.ts';

const version = '4.1.2';

/** A broker for tests. */
export interface KafkaServer {
  /** `host:port`. */
  readonly address: string;
  /** Creates topics with so many partitions. */
  create(partitions: number, ...topics: string[]): Promise<void>;
  /** Ends the broker as a kill does, and starts it again with what it has on its disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether a broker can be had: one that KAFKA_TEST_URL names, or Apache Kafka by Java and Maven. Says aloud if not. */
export function hasKafka(): boolean {
  if (process.env.KAFKA_TEST_URL) return true;
  const missing = ['java', 'mvn'].filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    if (process.env.CI) throw new Error(`${missing.join(' and ')} missing: install default-jre-headless and maven`);
    return skipping(`${missing.join(' and ')} missing`);
  }
  return jars() !== undefined || skipping('Maven cannot fetch its jars');
}

function skipping(reason: string): false {
  process.stderr.write(`\nKAFKA IS NOT TESTED: ${reason}. Set KAFKA_TEST_URL=host:port, or install Java and Maven.\n`);
  return false;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' });
    return true;
  } catch {
    return false;
  }
}

/** The folder with the jars of the broker, fetched once a machine; undefined if they cannot be had. */
function jars(): string | undefined {
  const home = join(tmpdir(), `datacycle-kafka-${version}-${userInfo().username}`);
  const libs = join(home, 'libs');
  if (existsSync(libs)) return libs;
  const draft = mkdtempSync(join(tmpdir(), 'datacycle-kafka-'));
  const dependency = (group: string, artifact: string, of: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`;
  writeFileSync(
    join(draft, 'pom.xml'),
    `<project><modelVersion>4.0.0</modelVersion><groupId>datacycle</groupId><artifactId>broker</artifactId><version>1</version><dependencies>${dependency('org.apache.kafka', 'kafka_2.13', version)}${dependency('org.slf4j', 'slf4j-nop', '1.7.36')}</dependencies></project>`,
  );
  const goal = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=libs', '-DincludeScope=runtime'];
  try {
    execFileSync('mvn', goal, { cwd: draft, stdio: 'ignore', timeout: 180_000, shell: process.platform === 'win32' });
    if (!readdirSync(join(draft, 'libs')).some((name) => name.startsWith('kafka_2.13'))) return undefined;
    mkdirSync(home, { recursive: true });
    // Whole or absent; another process may have been quicker.
    if (!existsSync(libs)) renameSync(join(draft, 'libs'), libs);
    return libs;
  } catch {
    return existsSync(libs) ? libs : undefined;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Starts a broker of one node with an empty disk. @throws Error if it does not come up within 60 seconds. */
export async function startKafka(): Promise<KafkaServer> {
  const { KAFKA_TEST_URL: given } = process.env;
  if (given) {
    return {
      address: given,
      create: (partitions, ...topics) => createTopics(given, partitions, topics),
      restart: async () => undefined,
      stop: async () => undefined,
    };
  }
  const libs = jars();
  if (libs === undefined) throw new Error('there are no jars of Kafka');
  const home = mkdtempSync(join(tmpdir(), 'datacycle-kafka-'));
  const [port, controller] = [await freePort(), await freePort()];
  const settings = join(home, 'server.properties');
  writeFileSync(
    settings,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(home, 'data').replaceAll('\\', '/')}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.check.interval.ms=500
`,
  );
  const java = (...args: string[]) => [
    ...['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp'],
    readdirSync(libs)
      .map((name) => join(libs, name))
      .join(delimiter),
    ...args,
  ];
  const id = randomBytes(16).toString('base64url');
  execFileSync('java', java('kafka.tools.StorageTool', 'format', '-t', id, '-c', settings), { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  const begin = async () => {
    const child = spawn('java', java('kafka.Kafka', settings), { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    for (const until = Date.now() + 60_000; ; ) {
      try {
        await createTopics(address, 1, [`ready-${randomBytes(4).toString('hex')}`]);
        break;
      } catch (error) {
        if (Date.now() > until || child.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    return async () => {
      child.kill('SIGKILL');
      await ended;
    };
  };
  let end = await begin();
  return {
    address,
    create: (partitions, ...topics) => createTopics(address, partitions, topics),
    async restart() {
      await end();
      end = await begin();
    },
    async stop() {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function createTopics(address: string, partitions: number, topics: readonly string[]): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address], retries: 0, connectTimeout: 2000 });
  try {
    await admin.createTopics({ topics: [...topics], partitions, replicas: 1 });
  } finally {
    await admin.close();
  }
}
