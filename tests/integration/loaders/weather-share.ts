import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LoadMode, LoadOptions, LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import type { SftpAddress } from '../../../loaders/weather/sftp-link.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { SftpServer } from '../../servers/sftp.ts';

const header = 'Time,Value,Prediction,Site,Measurement,Unit';

/** A small forecast file: two sites, five measurements, two runs, so many hours from midnight of its day on. */
export function forecastFile(day: string, hours = 24): string {
  const lines = [header];
  const measurements = [
    ['PRED_T_2M_ctrl', '°C'],
    ['PRED_RELHUM_2M_ctrl', '%'],
    ['PRED_TOT_PREC_ctrl', 'mm'],
    ['PRED_GLOB_ctrl', 'Watt/m2'],
    ['PRED_DURSUN_ctrl', 'min'],
  ] as const;
  for (const run of ['00', '12']) {
    for (const site of ['Sion', '"Aadorf / Tänikon"']) {
      for (const [place, [measurement, unit]] of measurements.entries()) {
        for (let hour = 0; hour < hours; hour += 1) {
          const time = new Date(Date.parse(`${day}T00:00:00Z`) + hour * 3_600_000).toISOString();
          const value = hour % 11 === 7 ? '-99999.0' : (place * 10 + hour / 4 + (run === '12' ? 0.5 : 0)).toFixed(2);
          lines.push(`${time.slice(0, 10)} ${time.slice(11, 19)}+00:00,${value},${run},${site},${measurement},${unit}`);
        }
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** A folder of forecast files behind a server, and a Bronze folder, both gone after the test. */
export class WeatherShare {
  readonly root = mkdtempSync(join(tmpdir(), 'datacycle-weather-'));
  readonly folder = join(this.root, 'Meteo2');
  readonly bronze: string;
  readonly #server: SftpServer | undefined;

  constructor(server: SftpServer | undefined, bronze?: string) {
    this.#server = server;
    this.bronze = bronze ?? join(this.root, 'bronze');
    mkdirSync(this.folder);
    mkdirSync(this.bronze, { recursive: true });
  }

  put(name: string, content: string | Buffer): void {
    writeFileSync(join(this.folder, name), content);
  }

  putBronze(path: string, content: string | Buffer): void {
    const target = join(this.bronze, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  address(overrides: Partial<SftpAddress> = {}): SftpAddress {
    const server = this.#server;
    if (server === undefined) throw new Error('this share has no server');
    return {
      host: '127.0.0.1',
      port: server.port,
      user: server.user,
      password: undefined,
      privateKey: server.privateKey,
      passphrase: undefined,
      folder: this.folder,
      hostKey: { expected: [server.fingerprint], knownHosts: join(this.root, 'known_hosts') },
      ...overrides,
    };
  }

  load(
    warehouse: Warehouse,
    mode: LoadMode = 'new',
    options: Partial<LoadOptions> & { sftp?: Partial<SftpAddress>; attempts?: number } = {},
  ): Promise<LoadSummary> {
    const { sftp, ...rest } = options;
    return loadWeather(
      warehouse,
      {
        sftp: mode === 'from-bronze' ? undefined : this.address(sftp),
        bronzeRoot: this.bronze,
        attempts: rest.attempts ?? 1,
        retryDelay: 0,
      },
      { mode, clock: () => new Date('2023-11-01T08:00:00Z'), ...rest },
    );
  }

  /** Every file in Bronze, relative to its root. */
  inBronze(): string[] {
    if (!existsSync(this.bronze)) return [];
    return (
      readdirSync(this.bronze, { recursive: true, withFileTypes: true }) as {
        name: string;
        parentPath: string;
        isFile(): boolean;
      }[]
    )
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(this.bronze.length + 1)
          .replaceAll('\\', '/'),
      )
      .sort();
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
