import { type BaseOptions, GenericError, MultipleErrors } from '@platformatic/kafka';
import { LoadFailedError, SourceError, SourceLostError } from '../landing/errors.ts';
import { readTheTaggedFields } from './tagged-fields.ts';

/** Where the broker is and who we are to it. */
export interface KafkaAddress {
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  /** Undefined: without TLS. `ca`: a certificate in PEM that is trusted besides, or instead of the system's. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
        readonly user: string;
        readonly password: string;
      }
    | undefined;
}

/** The options of every client. */
export function clientOptions({ brokers, tls, sasl }: KafkaAddress): BaseOptions {
  readTheTaggedFields();
  return {
    clientId: 'datacycle',
    bootstrapBrokers: [...brokers],
    connectTimeout: 10_000,
    requestTimeout: 30_000,
    retries: 2,
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls: tls.ca === undefined ? {} : { ca: tls.ca } }),
    ...(sasl === undefined
      ? {}
      : { sasl: { mechanism: sasl.mechanism, username: sasl.user, password: sasl.password } }),
  };
}

/** Whether an error of the client, or one below it, is this error of the protocol, e.g. `OFFSET_OUT_OF_RANGE`. */
export function isKafkaError(error: unknown, apiId: string): boolean {
  // The two kinds of errors have signatures of their own for it.
  return isClientError(error) && (error as GenericError).findBy('apiId', apiId) !== null;
}

function isClientError(error: unknown): error is GenericError | MultipleErrors {
  return error instanceof Error && (GenericError.isGenericError(error) || MultipleErrors.isMultipleErrors(error));
}

/** An error of the client in the words of this program; anything else as it is. */
export function kafkaFault(error: unknown, { brokers }: KafkaAddress, what: string): unknown {
  if (!isClientError(error)) return error;
  const where = brokers.join(', ');
  const reason = reasonOf(error);
  if (hasCode(error, 'PLT_KFK_AUTHENTICATION') || /SASL|authenticat/i.test(reason))
    return new SourceError({
      what: `Kafka at ${where} refuses the login: ${reason}`,
      hint: 'Check KAFKA_SASL_MECHANISM, KAFKA_USER and KAFKA_PASSWORD.',
    });
  if (hasCode(error, 'PLT_KFK_NETWORK') || hasCode(error, 'PLT_KFK_TIMEOUT'))
    return new SourceLostError({
      what: `Kafka at ${where} cannot be reached: ${reason}`,
      hint: 'Check KAFKA_BROKERS, KAFKA_TLS and that the broker runs; what was landed stays, and the next load goes on.',
    });
  return new LoadFailedError({
    what: `Kafka at ${where}: ${what}: ${reason}`,
    hint: 'Load again; look at the log of the broker if it stays so.',
  });
}

function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && error.code === code) return true;
  return below(error).some((one) => hasCode(one, code));
}

/** What an error of the client comes from, in its words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first] = below(error);
  return first instanceof Error ? reasonOf(first) : error.message;
}

function below(error: Error): readonly unknown[] {
  const several: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return error.cause === undefined ? several : [...several, error.cause];
}
