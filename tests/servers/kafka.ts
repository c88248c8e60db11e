import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { Admin, alterPartitionReassignmentsV0 } from '@platformatic/kafka';
import { freePort } from './free-port.ts';

const version = '4.1.2';

/** A broker starts in four seconds; beside many processes it took more than a minute, in milliseconds. */
const startMs = 180_000;

/** A login of the secured listener, by any mechanism. */
export const kafkaLogin = { user: 'reader', password: 'secret=of/tests!' };

/** A broker for tests. */
export interface KafkaServer {
  /** `host:port`. */
  readonly address: string;
  /** The same broker by TLS and {@link kafkaLogin}: `host:port`, and its certificate in PEM. Undefined if it has no such listener. */
  readonly secured: { readonly address: string; readonly ca: string } | undefined;
  /** Creates topics with so many partitions. */
  create(partitions: number, ...topics: string[]): Promise<void>;
  /** Starts node 2, to which partitions can be moved; topics are made on node 1 until then. Undefined for a broker that was not started here. */
  readonly addNode: (() => Promise<void>) | undefined;
  /** Moves partitions of a topic to a node; resolves when that node leads them. */
  move(topic: string, partitions: readonly number[], node: number): Promise<void>;
  /** Ends the broker as a kill does, and starts it again with what it has on its disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** The number of its process (of the first node); undefined if it was not started here. */
  processId(): number | undefined;
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
  const lasting = process.env.TEST_LASTING_FOLDER ?? tmpdir();
  const home = join(lasting, `datacycle-kafka-${version}-${userInfo().username}`);
  const libs = join(home, 'libs');
  if (existsSync(libs)) return libs;
  const draft = mkdtempSync(join(lasting, 'datacycle-kafka-'));
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

/**
 * Starts a broker with an empty disk, which is the controller, too.
 * @throws Error if it does not come up within {@link startMs}.
 */
export async function startKafka(): Promise<KafkaServer> {
  const { KAFKA_TEST_URL: given } = process.env;
  if (given) {
    return {
      address: given,
      secured: undefined,
      create: (partitions, ...topics) => createTopics(given, partitions, topics),
      addNode: undefined,
      move: (topic, partitions, node) => moveTo(given, topic, partitions, node),
      restart: async () => undefined,
      stop: async () => undefined,
      processId: () => undefined,
    };
  }
  const libs = jars();
  if (libs === undefined) throw new Error('there are no jars of Kafka');
  const home = mkdtempSync(join(tmpdir(), 'datacycle-kafka-'));
  const java = (...args: string[]) => [
    ...['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp'],
    readdirSync(libs)
      .map((name) => join(libs, name))
      .join(delimiter),
    ...args,
  ];
  const cluster = randomBytes(16).toString('base64url');
  const controller = await freePort();
  const certificate = makeCertificate(home);
  const settingsOf = (node: number, ports: Pick<Listening, 'port' | 'securedPort'>) => {
    const path = join(home, `server-${node}.properties`);
    writeFileSync(path, propertiesOf(home, node, { controller, ...ports, certificate }));
    return path;
  };
  const begin = async (settings: string, isReady: () => Promise<boolean>) => {
    const child = spawn('java', java('kafka.Kafka', settings), { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const until = Date.now() + startMs;
    for (;;) {
      const found = await isReady().catch((error: unknown) => error);
      if (found === true) break;
      if (Date.now() > until || child.exitCode !== null)
        throw new Error('the broker does not come up', { cause: found });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const end = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    return { end, pid: child.pid };
  };
  const [port, securedPort] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const settings = settingsOf(1, { port, securedPort });
  const scram = ['256', '512'].flatMap((size) => [
    '--add-scram',
    `SCRAM-SHA-${size}=[name=${kafkaLogin.user},password=${kafkaLogin.password}]`,
  ]);
  execFileSync('java', java('kafka.tools.StorageTool', 'format', '-t', cluster, '-c', settings, ...scram), {
    stdio: 'ignore',
  });
  const isUp = async () => {
    await createTopics(address, 1, [`ready-${randomBytes(4).toString('hex')}`]);
    return true;
  };
  const running = [await begin(settings, isUp)];
  return {
    address,
    secured: certificate && { address: `localhost:${securedPort}`, ca: certificate.ca },
    create: (partitions, ...topics) => createTopics(address, partitions, topics),
    async addNode() {
      const [port, securedPort] = [await freePort(), await freePort()];
      const joining = settingsOf(2, { port, securedPort });
      // All that formatting its disk would write.
      mkdirSync(join(home, 'data-2'));
      writeFileSync(join(home, 'data-2', 'meta.properties'), `version=1\ncluster.id=${cluster}\nnode.id=2\n`);
      // Others know it before it answers itself, and any node may be named as the one to ask.
      const isKnown = async (to: string) => (await nodesOf(to)).includes(2);
      running.push(await begin(joining, async () => (await isKnown(`127.0.0.1:${port}`)) && isKnown(address)));
    },
    move: (topic, partitions, node) => moveTo(address, topic, partitions, node),
    async restart() {
      await running[0]?.end();
      running[0] = await begin(settings, isUp);
    },
    async stop() {
      for (const { end } of running.reverse()) await end();
      rmSync(home, { recursive: true, force: true });
    },
    processId: () => running[0]?.pid,
  };
}

interface Certificate {
  /** A file with key and certificate. */
  readonly pem: string;
  readonly ca: string;
}

/** A certificate for localhost; undefined where there is no OpenSSL. */
function makeCertificate(home: string): Certificate | undefined {
  const [key, cert, pem] = [join(home, 'key.pem'), join(home, 'cert.pem'), join(home, 'both.pem')];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['req', '-new', '-x509', '-days', '2', '-nodes', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert];
  try {
    execFileSync('openssl', [...made, ...named], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const ca = readFileSync(cert, 'utf8');
  writeFileSync(pem, readFileSync(key, 'utf8') + ca);
  return { pem, ca };
}

interface Listening {
  readonly controller: number;
  readonly port: number;
  readonly securedPort: number;
  readonly certificate: Certificate | undefined;
}

function propertiesOf(home: string, node: number, { controller, port, securedPort, certificate }: Listening): string {
  const isController = node === 1;
  const open = [`PLAINTEXT://127.0.0.1:${port}`];
  if (certificate !== undefined) open.push(`SECURED://localhost:${securedPort}`);
  const listeners = isController ? [...open, `CONTROLLER://127.0.0.1:${controller}`] : open;
  const path = (text: string) => text.replaceAll('\\', '/');
  const secured = `listener.name.secured.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secured.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${kafkaLogin.user}="${kafkaLogin.password}";
listener.name.secured.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.ssl.keystore.type=PEM
listener.name.secured.ssl.keystore.location=${path(certificate?.pem ?? '')}
`;
  return `process.roles=${isController ? 'broker,controller' : 'broker'}
node.id=${node}
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${listeners.join(',')}
advertised.listeners=${open.join(',')}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL
log.dirs=${path(join(home, `data-${node}`))}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
log.retention.check.interval.ms=500
${certificate === undefined ? '' : secured}`;
}

async function createTopics(address: string, partitions: number, topics: readonly string[]): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address], retries: 0, connectTimeout: 2000 });
  try {
    await admin.createTopics({ topics: [...topics], partitions, replicas: 1 });
  } finally {
    await admin.close();
  }
}

async function nodesOf(address: string): Promise<readonly number[]> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address], retries: 0, connectTimeout: 2000 });
  try {
    return [...(await admin.metadata({})).brokers.keys()];
  } finally {
    await admin.close();
  }
}

async function moveTo(address: string, topic: string, partitions: readonly number[], node: number): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address] });
  try {
    const { controllerId } = await admin.metadata({});
    const connection = (await admin.connectToBrokers([controllerId])).get(controllerId);
    if (connection === undefined) throw new Error('there is no connection to the controller');
    const moves = partitions.map((partitionIndex) => ({ partitionIndex, replicas: [node] }));
    await alterPartitionReassignmentsV0.api.async(connection, 10_000, true, [{ name: topic, partitions: moves }]);
    for (const until = Date.now() + startMs; Date.now() < until; ) {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
      if (partitions.every((partition) => topics.get(topic)?.partitions[partition]?.leader === node)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`node ${node} does not lead ${topic}`);
  } finally {
    await admin.close();
  }
}
