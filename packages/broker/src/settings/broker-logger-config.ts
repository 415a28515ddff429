// The log levels of a broker as a config resource (KIP-412). There is one logger here, `root`: its level can be seen and changed while the
// broker runs. It is not kept: after a restart the level is that of the start. Brokers of one process share the logger.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { AlterOperation, malformedChange, type AlteredResource } from './altered-resource.ts';
import { ConfigSource } from './config-source.ts';
import type { DescribedConfig } from './describe-configs.ts';
import { refusal, type Outcome } from './outcome.ts';

const ROOT = 'root';
/** As Kafka names them; the logger has the same in lower case. */
const LEVELS = ['DEBUG', 'ERROR', 'FATAL', 'INFO', 'TRACE', 'WARN'];

/** The loggers of broker `brokerId`, or why they cannot be told. @param level of the logger, in lower case */
export function describeBrokerLogger(
  resourceName: string,
  brokerId: number,
  level: string,
): readonly DescribedConfig[] | Outcome {
  const problem =
    resourceName === ''
      ? 'Broker id must not be empty'
      : !/^[+-]?\d+$/.test(resourceName)
        ? `Broker id must be an integer, but it is: ${resourceName}`
        : Number(resourceName) !== brokerId
          ? `Unexpected broker id, expected ${brokerId} but received ${resourceName}`
          : undefined;
  if (problem !== undefined) return refusal(ErrorCode.INVALID_REQUEST, problem);
  const upper = level.toUpperCase();
  return [
    {
      name: ROOT,
      value: LEVELS.includes(upper) ? upper : 'OFF',
      readOnly: false,
      configSource: ConfigSource.DYNAMIC_BROKER_LOGGER_CONFIG,
      isSensitive: false,
      synonyms: [],
      configType: 0,
      documentation: '',
    },
  ];
}

/** The level that the logger is to get, in lower case (undefined: none is named), or why it cannot have it. */
export function alterBrokerLogger(
  { resourceName, configs }: AlteredResource,
  brokerId: number,
): { readonly level: string | undefined } | Outcome {
  const malformed = requestProblem(resourceName, configs, brokerId);
  if (malformed !== undefined) return refusal(ErrorCode.INVALID_REQUEST, malformed);
  let level: string | undefined;
  for (const { name, value, configOperation } of configs) {
    if (configOperation === AlterOperation.APPEND || configOperation === AlterOperation.SUBTRACT) {
      const verb = configOperation === AlterOperation.APPEND ? 'APPEND' : 'SUBTRACT';
      return refusal(
        ErrorCode.INVALID_REQUEST,
        `${verb} operation is not allowed for the BROKER_LOGGER resource`,
      );
    }
    if (name !== ROOT) return refusal(ErrorCode.INVALID_CONFIG, `Logger ${name} does not exist!`);
    if (configOperation === AlterOperation.DELETE) {
      return refusal(ErrorCode.INVALID_REQUEST, 'Removing the log level of the root logger is not allowed');
    }
    if (value === null || !LEVELS.includes(value)) {
      return refusal(
        ErrorCode.INVALID_CONFIG,
        `Cannot set the log level of ${name} to ${value} as it is not a supported log level. Valid log levels are ${LEVELS.join(', ')}`,
      );
    }
    level = value.toLowerCase();
  }
  return { level };
}

function requestProblem(
  resourceName: string,
  configs: AlteredResource['configs'],
  brokerId: number,
): string | undefined {
  const malformed = malformedChange(configs);
  if (malformed !== undefined) return malformed;
  if (!/^[+-]?\d+$/.test(resourceName)) return `Node id must be an integer, but it is: ${resourceName}`;
  return Number(resourceName) === brokerId
    ? undefined
    : `Unexpected node id. Expected ${brokerId}, but received ${resourceName}`;
}
